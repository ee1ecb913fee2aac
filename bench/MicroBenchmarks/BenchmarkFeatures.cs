using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansInference;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Transforms;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Grains.Features.Windows;
using OrleansInference.Grains.Models.Manifest;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.Models.Sessions;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace MicroBenchmarks;

/// <summary>A view of six columns over a database that answers at once, live windows of six, the calendar; and manifests compiled over them.</summary>
internal sealed class BenchmarkFeatures : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public BenchmarkFeatures() => Sources = new FeatureSources([new CalendarTransform(TimeProvider.System), View(), Window]);

    public WindowView Window { get; } = CreateWindow();

    public FeatureSources Sources { get; }

    /// <summary>What is done with a <c>model.json</c> when its model loads: one input <c>x</c> of that many columns, one output <c>y</c>.</summary>
    public PredictPlan Compile(byte[] manifest, int columns)
    {
        var (read, faults) = ManifestReader.Read("model.json", manifest);
        var versions = new Dictionary<int, ModelMetadata>
        {
            [1] = new([new TensorMetadata("x", TensorDatatype.FP32, [-1, columns])], [new TensorMetadata("y", TensorDatatype.FP32, [-1, 1])]),
        };
        return new PlanCompiler("fraud", read.Predict!, faults, Sources, new WebhookTargets(new Dictionary<string, WebhookOptions>())).Compile(versions)!;
    }

    public void Dispose() => _services.Dispose();

    private FeatureView View()
    {
        var options = new FeatureViewOptions { Ttl = TimeSpan.FromDays(1) };
        for (var i = 1; i <= 6; i++) options.Columns.Add($"c{i}", new FeatureColumnOptions { Default = "0" });
        var instruments = new InferenceInstruments(_services.GetRequiredService<IMeterFactory>());
        return new FeatureView("profile", options, new OneRow(), TimeProvider.System, instruments, NullLogger<FeatureView>.Instance);
    }

    private static WindowView CreateWindow()
    {
        var options = new WindowViewOptions();
        foreach (var days in new[] { 1, 7, 30 })
        {
            options.Columns.Add($"count_{days}d", new WindowColumnOptions { Aggregate = "count", Window = TimeSpan.FromDays(days) });
            options.Columns.Add($"mean_{days}d", new WindowColumnOptions { Aggregate = "mean", Window = TimeSpan.FromDays(days), Default = "0" });
        }

        return new WindowView("spending", options);
    }

    private sealed class OneRow : IFeatureDatabase
    {
        public Task<IReadOnlyDictionary<string, StoredRow>> QueryAsync(FeatureView view, IReadOnlyList<string> userIds) =>
            Task.FromResult<IReadOnlyDictionary<string, StoredRow>>(userIds.ToDictionary(id => id, _ => new StoredRow([.. view.Columns.Select(_ => FeatureValue.Of(1.5))])));

        public Task CheckAsync(FeatureView view) => Task.CompletedTask;
    }
}
