using OrleansInference.Api;
using OrleansInference.Grains;
using OrleansInference.Grains.Models.Scheduling;
using OrleansInference.Grains.Models.Sessions;
using OrleansInference.Silo;
using TestServer;

// The real program as a process of its own, with its sessions recorded and, when asked, fewer pool threads or Task.Run in
// place of the inference threads.
return await StartupFault.RunAsync(async () =>
{
    await using var app = await ApiHost.BuildAsync(args, services =>
    {
        services.AddSingleton<IModelSessionFactory, RecordingSessions>();
        if (args.Contains("--TestServer:TaskRun=true")) services.AddSingleton<InferenceSchedulers, ThreadPoolSchedulers>();
    });
    if (app.Configuration.GetValue<int>("TestServer:PoolThreads") is var threads and > 0 && !(ThreadPool.SetMinThreads(threads, threads) && ThreadPool.SetMaxThreads(threads, threads)))
        throw new InferenceStartupException($"The pool cannot have {threads} threads on this machine.");
    await app.StartInferenceAsync();
    RecordingSessions.Begin();
    StartupBanner.Print(app);
    await app.WaitForShutdownAsync();
});
