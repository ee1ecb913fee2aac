using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;

namespace OrleansInference.Silo;

/// <summary>Settings that hold where nothing else is said.</summary>
public static class ConfigurationDefaults
{
    private const string DefaultLevel = "Logging:LogLevel:Default";
    private const string OwnLevel = "Logging:LogLevel:OrleansInference";
    private const string MicrosoftLevel = "Logging:LogLevel:Microsoft";
    private const string AspNetLevel = "Logging:LogLevel:Microsoft.AspNetCore";

    private static readonly KeyValuePair<string, string?>[] Values =
    [
        new(DefaultLevel, "Information"),
        new(MicrosoftLevel, "Warning"),
        new("Logging:LogLevel:Orleans", "Warning"),

        // Its first check counts from the machine's start and cries wolf at every start of the program.
        new("Logging:LogLevel:Orleans.Runtime.Watchdog", "Error"),
        // What it says of a failed start is thrown too, and told once; a background service's failure is critical.
        new("Logging:LogLevel:Microsoft.Extensions.Hosting.Internal.Host", "Critical"),
        new("Logging:LogLevel:Polly", "Warning"),
        // It tells of each refused call and each broken message; the caller was told already, and what fails inside a service is logged as ours.
        new("Logging:LogLevel:Grpc", "Warning"),
        new("Logging:LogLevel:Grpc.AspNetCore.Server.ServerCallHandler", "Critical"),
        // They tell of every state of every user that could not be kept, at length and by name; who asked them logs what matters, once.
        new("Logging:LogLevel:Orleans.Storage.AzureTableGrainStorage", "Critical"),
        new("Logging:LogLevel:Orleans.Storage.AzureBlobGrainStorage", "Critical"),
        // Its lines are the base class's, of Orleans: ranges of a ring that it has no use for.
        new($"{OwnLevel}.Grains.Models.Control.ModelSiloService", "Warning"),
        // "Not ready yet" is no error.
        new("Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks", "Critical"),
        new("Logging:LogLevel:System.Net.Http.HttpClient", "Warning"),
    ];

    /// <summary>Puts the defaults before every other source, so that files, environment and command line win.</summary>
    public static void Apply(IConfigurationManager configuration)
    {
        configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = Values });

        // A category's prefix need not end at a dot: what is said of Orleans would hold for OrleansInference, too.
        configuration.Sources.Insert(1, new MemoryConfigurationSource
        {
            InitialData = [new(OwnLevel, configuration[DefaultLevel]), new($"{AspNetLevel}.Hosting.Diagnostics", ReadRequestLevel(configuration))],
        });
    }

    // While requests may be logged at all, each has an activity and a log scope made for it: off until something is said of ASP.NET.
    private static string? ReadRequestLevel(IConfiguration configuration) =>
        configuration[$"{AspNetLevel}.Hosting"] ?? configuration[AspNetLevel] ?? (configuration[MicrosoftLevel] is "Warning" ? "None" : configuration[MicrosoftLevel]);
}
