using OrleansInference.Api;
using OrleansInference.Silo;
using OrleansInference.Silo.WarmUp;

return await StartupFault.RunAsync(async () =>
{
    await using var app = await ApiHost.BuildAsync(args);
    await app.StartInferenceAsync();
    if (app.Services.GetService<IPathWarmUp>() is { } warmUp) await warmUp.Completion;
    StartupBanner.Print(app);
    await app.WaitForShutdownAsync();
});
