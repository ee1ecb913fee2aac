using OrleansInference.Api.Demo;
using OrleansInference.Api.Grpc;
using OrleansInference.Silo;

namespace OrleansInference.Api;

/// <summary>Says what is up, where, and what to try first.</summary>
internal static class StartupBanner
{
    public static void Print(WebApplication app)
    {
        var paths = app.Services.GetRequiredService<InferencePaths>();
        var mode = InferenceModes.Read(app.Configuration);
        var demo = app.Services.GetServices<IHostedService>().OfType<FraudDemoHost>().Single();
        var addresses = ListenPlan.RestAddresses(app.Services);
        var grpc = ListenPlan.GrpcAddresses(app.Services);
        var api = addresses[0];

        Console.WriteLine($"""

            OrleansInference is up.
              REST      {string.Join(", ", addresses)}   documentation at {api}/docs
              gRPC      {(grpc.Count > 0 ? string.Join(", ", grpc) : $"off ({GrpcOptions.PortSetting}={GrpcOptions.Off})")}
              models    {(mode is InferenceMode.Client ? "with the silos" : paths.ModelRepository)}
              data      {(mode is InferenceMode.Embedded ? paths.DataDirectory : "with the cluster")}
              silo      {(app.Services.GetService<SiloPortOptions>() is { } ports ? ports : "none: a client of the cluster")}
              demo      {demo.Status}{(demo.Received is { } received ? $"; alerts and workflows arrive at {received}" : "")}

            Try:
              {Example(api, demo)}

            Ctrl-C stops it.
            """);
    }

    // Only the demo's models are known to take these fields.
    private static string Example(string api, FraudDemoHost demo) => demo.Received is null
        ? $"curl {api}/openapi/v1.json"
        : $$"""curl {{api}}/predict -H 'Content-Type: application/json' -d '{"user_id": 42, "raw_feature": "3156"}'""";
}
