using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansInference.Grains;
using OrleansInference.Silo;

return await StartupFault.RunAsync(async () =>
{
    var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
    ConfigurationDefaults.Apply(builder.Configuration);
    var paths = InferencePaths.Resolve(builder.Configuration);
    if (paths.ModelRepository == paths.ShippedModelRepository && !builder.Configuration.GetSection("Inference:FeatureViews").Exists())
        throw new InferenceStartupException($"The models in {paths.ModelRepository} need the demo, which src/Api runs. Set Inference:ModelRepository:Path to models of your own, or configure what these need.");
    builder.AddInferenceSilo(DataDirectoryLock.Acquire(paths.DataDirectory));

    using var host = builder.Build();
    await host.StartInferenceAsync();
    var ports = host.Services.GetRequiredService<SiloPortOptions>();
    Console.WriteLine($"""

        A silo without REST is up.
          models    {paths.ModelRepository}
          data      {paths.DataDirectory}
          silo      {ports}
          clients   {(ports.GatewayPort == 0 ? "none can reach it until its gateway is open" : $"dotnet run --project samples/DotNetClient -- --gateway {ports.GatewayPort}")}

        Ctrl-C stops it.
        """);
    await host.WaitForShutdownAsync();
});
