using Microsoft.Extensions.Hosting;
using OrleansInference.Silo;

return await StartupFault.RunAsync(async () =>
{
    var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
    ConfigurationDefaults.Apply(builder.Configuration);
    var paths = InferencePaths.Resolve(builder.Configuration);
    builder.AddInferenceSilo(DataDirectoryLock.Acquire(paths.DataDirectory));

    using var host = builder.Build();
    await host.StartAsync();
    Console.WriteLine($"Silo up: models {paths.ModelRepository}, data {paths.DataDirectory}");
    await host.WaitForShutdownAsync();
});
