using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models;

namespace OrleansInference.Grains.PostProcessing.Feedback;

/// <summary>Keeps the metrics of quality up to date with the labels that come in, on any silo.</summary>
internal sealed partial class QualityMonitor(
    IOutcomes outcomes, ModelCatalog models, IOptions<FeedbackOptions> options, TimeProvider time, InferenceInstruments instruments, ILogger<QualityMonitor> logger)
    : BackgroundService
{
    private readonly Dictionary<string, DateTimeOffset> _measured = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await MeasureAsync(stoppingToken);
            await Task.Delay(options.Value.Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task MeasureAsync(CancellationToken stoppingToken)
    {
        try
        {
            foreach (var model in models.Predicting.Select(model => model.Name).ToArray()) await MeasureAsync(model).WaitAsync(stoppingToken);
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            LogNotMeasured(e);
        }
        catch (OperationCanceledException)
        {
            // The program stops.
        }
    }

    private async Task MeasureAsync(string model)
    {
        if (await outcomes.ReadLastAsync(model) is not { } last || _measured.GetValueOrDefault(model) == last) return;
        var query = new QualityQuery { Model = model };
        instruments.OnQualityMeasured(model, QualityMeasure.Of(query, await outcomes.ReadLabelledAsync(query, options.Value.MaxLabels)));
        _measured[model] = last;
    }

    [LoggerMessage(EventIds.QualityNotMeasured, LogLevel.Warning, "The metrics of quality could not be brought up to date; the next look tries again")]
    private partial void LogNotMeasured(Exception cause);
}
