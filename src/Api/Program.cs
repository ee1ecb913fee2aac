using OrleansInference.Api;
using OrleansInference.Silo;

return await StartupFault.RunAsync(async () =>
{
    await using var app = await ApiHost.BuildAsync(args);
    await app.StartAsync();
    StartupBanner.Print(app);
    await app.WaitForShutdownAsync();
});
