using Microsoft.Extensions.Hosting;

namespace OrleansInference.Grains.Features.Views;

/// <summary>Has every view's query prepared once, so that a slip in it is in the log at the start and not at the first prediction.</summary>
/// <remarks>Beside the start, which waits for no team's database.</remarks>
internal sealed class FeatureViewCheck(FeatureSources sources) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(sources.Of<FeatureView>().Select(view => view.CheckAsync())).WaitAsync(stoppingToken);
}
