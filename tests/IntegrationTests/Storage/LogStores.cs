using IntegrationTests.Infrastructure;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Orleans.Serialization;
using OrleansInference.Grains;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace IntegrationTests.Storage;

/// <summary>The stores of the prediction log as the program registers them, without the rest of it.</summary>
internal sealed class LogStores : IAsyncDisposable
{
    private readonly TestDirectory _directory;
    private readonly ServiceProvider _services;
    private readonly IHostedLifecycleService[] _started;

    private LogStores(TestDirectory directory, ServiceProvider services, IHostedLifecycleService[] started)
    {
        _directory = directory;
        _services = services;
        _started = started;
    }

    public FakeTimeProvider Time { get; private init; } = new();

    public IServiceProvider Services => _services;

    public static async Task<LogStores> StartAsync(params KeyValuePair<string, string?>[] settings)
    {
        var directory = new TestDirectory();
        var data = Directory.CreateDirectory(directory.File("data")).FullName;
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Inference:DataDirectory", data), .. settings]).Build();
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 4, 1, 12, 0, 0, TimeSpan.Zero));
        var services = new ServiceCollection();
        services.AddSerializer().AddLogging().AddMetrics().AddSingleton<TimeProvider>(time).AddSingleton<InferenceInstruments>().AddSingleton<OutboxSignal>().AddSingleton(new FeatureSources([]));
        services.AddOptions<InferenceOptions>().Bind(configuration.GetSection("Inference"));
        services.AddInferenceStorage(configuration);
        var provider = services.BuildServiceProvider();
        var started = provider.GetServices<IHostedService>().OfType<IHostedLifecycleService>().ToArray();
        foreach (var service in started) await service.StartingAsync(CancellationToken.None);
        return new LogStores(directory, provider, started) { Time = time };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _started) await service.StoppedAsync(CancellationToken.None);
        await _services.DisposeAsync();
        _directory.Dispose();
    }
}
