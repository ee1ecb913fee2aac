using OrleansInference.Api;
using OrleansInference.Silo;

return await StartupFault.RunAsync(async () =>
{
    await using var app = await ApiHost.BuildAsync(args);
    await app.StartInferenceAsync();
    StartupBanner.Print(app);
    await app.WaitForShutdownAsync();
});
