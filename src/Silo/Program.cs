using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansInference.Grains;
using OrleansInference.Silo;

return await StartupFault.RunAsync(async () =>
{
    SettingsFiles.Poll();
    var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
    ConfigurationDefaults.Apply(builder.Configuration);
    KnownSettings.ThrowIfUnknown(builder.Configuration);
    var mode = InferenceModes.Read(builder.Configuration);
    if (mode is InferenceMode.Client) throw new InferenceStartupException($"{InferenceModes.Setting} is Client, and this program is a silo. Set it to Cluster or Embedded, or start src/Api.");
    var paths = InferencePaths.Resolve(builder.Configuration);
    if (paths.ModelRepository == paths.ShippedModelRepository && !builder.Configuration.GetSection("Inference:FeatureViews").Exists())
        throw new InferenceStartupException($"The models in {paths.ModelRepository} need the demo, which src/Api runs. Set Inference:ModelRepository:Path to models of your own, or configure what these need.");
    if (mode is InferenceMode.Cluster) builder.AddInferenceClusterSilo();
    else builder.AddInferenceSilo(DataDirectoryLock.Acquire(paths.DataDirectory));

    using var host = builder.Build();
    await host.StartInferenceAsync();
    var ports = host.Services.GetRequiredService<SiloPortOptions>();
    Console.WriteLine($"""

        A silo without REST is up.
          models    {paths.ModelRepository}
          data      {(mode is InferenceMode.Cluster ? "with the cluster" : paths.DataDirectory)}
          silo      {ports}
          clients   {Clients(mode, ports)}

        Ctrl-C stops it.
        """);
    await host.WaitForShutdownAsync();
});

static string Clients(InferenceMode mode, SiloPortOptions ports) =>
    mode is InferenceMode.Cluster ? "dotnet run --project src/Api -- --Inference:Mode=Client, with the same Inference:Cluster"
    : ports.GatewayPort == 0 ? "none can reach it until its gateway is open"
    : $"dotnet run --project samples/DotNetClient -- --gateway {ports.GatewayPort}";
