using Microsoft.Extensions.Hosting;

namespace OrleansInference.Grains.Features.Lookups;

/// <summary>Looks at each lookup's file again and again.</summary>
internal sealed class LookupWatcher(FeatureSources sources, TimeProvider time) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(sources.Of<Lookup>().Where(lookup => lookup.ReloadInterval > TimeSpan.Zero).Select(lookup => WatchAsync(lookup, stoppingToken)));

    private async Task WatchAsync(Lookup lookup, CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(lookup.ReloadInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken)) lookup.Look();
    }
}
