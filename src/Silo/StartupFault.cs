using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using OrleansInference.Grains;

namespace OrleansInference.Silo;

/// <summary>Tells a start that the operator can mend from one that is a defect.</summary>
public static class StartupFault
{
    /// <summary>What to tell the operator; null for a defect, whose stack trace is wanted.</summary>
    public static string? Describe(Exception exception) => exception switch
    {
        InferenceStartupException => exception.Message,
        OptionsValidationException options => string.Join(Environment.NewLine, options.Failures),
        IOException when exception.InnerException is not null && exception.Message.Contains("address already in use", StringComparison.OrdinalIgnoreCase) =>
            $"{exception.Message} Stop the program that uses it, or set --urls to another address.",
        AddressInUseException => $"{exception.Message}: a port that was free when the program looked has been taken since. Start it again, or set Inference:Silo:Port and Inference:Silo:GatewayPort.",
        InvalidOperationException when exception.Message.StartsWith("Failed to convert configuration value", StringComparison.Ordinal) =>
            $"{exception.Message} Correct the setting.",
        AggregateException { InnerExceptions: [var only] } => Describe(only),
        _ => exception.InnerException is { } inner ? Describe(inner) : null,
    };

    /// <summary>Runs a program; a start that failed for a reason the operator can mend ends with 1 and that reason.</summary>
    public static async Task<int> RunAsync(Func<Task> program)
    {
        try
        {
            await program();
            return 0;
        }
        catch (Exception e) when (Describe(e) is { } fault)
        {
            await Console.Error.WriteLineAsync($"The program cannot start.{Environment.NewLine}{fault}");
            return 1;
        }
    }
}
