using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using Orleans.Storage;
using OrleansInference;
using OrleansInference.Grains;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Transforms;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Grains.Features.Windows;
using OrleansInference.Grains.Models.Manifest;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.Models.Sessions;
using OrleansInference.Grains.PostProcessing.Outbox;
using OrleansInference.Grains.Users;

namespace MicroBenchmarks;

/// <summary>What it costs to put together 15 features of a user in memory: the request's amount, two of the calendar, six of a view, six of live windows over 60 events.</summary>
internal static class AssemblyBenchmark
{
    private const int Events = 60;

    private const string Manifest =
        """
        {
          "predict": {
            "request": { "amount": { "type": "number", "required": true }, "at": { "type": "timestamp", "default": "now" } },
            "features": [ "profile", "spending" ],
            "inputs": { "x": [ "request.amount", "calendar.is_weekend", "calendar.is_night",
              "profile.c1", "profile.c2", "profile.c3", "profile.c4", "profile.c5", "profile.c6",
              "spending.count_1d", "spending.mean_1d", "spending.count_7d", "spending.mean_7d", "spending.count_30d", "spending.mean_30d" ] },
            "response": { "prediction": { "output": "y" } }
          }
        }
        """;

    public static async Task RunAsync(TimeSpan length)
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var (view, window) = (View(services), Window());
        var sources = new FeatureSources([new CalendarTransform(TimeProvider.System), view, window]);
        var plan = Compile(sources);
        var features = new UserFeatures(GrainId.Create("user", "-!42"), sources, new PushStore(new NoStorage(), new SnapshotOutage(Options.Create(new SnapshotOptions()), TimeProvider.System, NullLogger<SnapshotOutage>.Instance)), TimeProvider.System);
        var events = new EventWindow(window);
        var now = DateTimeOffset.UtcNow;
        for (var i = Events; i > 0; i--) events.Add(new WindowEvent(now.AddHours(-10 * i).UtcTicks, [1.5 * i]), long.MaxValue);
        var request = new PredictionRequest { UserId = "42", Fields = [new RequestField("amount", 57.2)] };
        using var budget = new TimeBudget(TimeSpan.FromDays(1), TimeProvider.System, CancellationToken.None);

        long count = 0, allocated = 0;
        var startedAt = Stopwatch.GetTimestamp();
        for (var warm = false; Stopwatch.GetElapsedTime(startedAt) < length; count++)
        {
            if (!warm && Stopwatch.GetElapsedTime(startedAt) > length / 2)
            {
                (count, allocated, startedAt, warm) = (0, GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp(), true);
            }

            var bound = plan.Bind(request, now);
            var rows = await features.ReadAsync(plan, bound, budget);
            rows[plan.Windows[0].Source] = new FeatureRow(events.Read(bound.At.UtcTicks), TimeProvider.System.GetTimestamp());
            new FeatureVector(plan, bound, rows!, TimeProvider.System).ToInferenceRequest();
        }

        var each = Stopwatch.GetElapsedTime(startedAt) / count;
        Console.WriteLine($"assembly of 15 warm features: {each.TotalMicroseconds:F2} us, {(GC.GetAllocatedBytesForCurrentThread() - allocated) / count} bytes ({count})");
    }

    private static PredictPlan Compile(FeatureSources sources)
    {
        var (manifest, faults) = ManifestReader.Read("model.json", Encoding.UTF8.GetBytes(Manifest));
        var versions = new Dictionary<int, ModelMetadata>
        {
            [1] = new([new TensorMetadata("x", TensorDatatype.FP32, [-1, 15])], [new TensorMetadata("y", TensorDatatype.FP32, [-1, 1])]),
        };
        return new PlanCompiler("fraud", manifest.Predict!, faults, sources, new WebhookTargets(new Dictionary<string, WebhookOptions>())).Compile(versions)!;
    }

    private static FeatureView View(IServiceProvider services)
    {
        var options = new FeatureViewOptions { Ttl = TimeSpan.FromDays(1) };
        for (var i = 1; i <= 6; i++) options.Columns.Add($"c{i}", new FeatureColumnOptions { Default = "0" });
        var instruments = new InferenceInstruments(services.GetRequiredService<IMeterFactory>());
        return new FeatureView("profile", options, new OneRow(), TimeProvider.System, instruments, NullLogger<FeatureView>.Instance);
    }

    private static WindowView Window()
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

    private sealed class NoStorage : IGrainStorage
    {
        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Task.CompletedTask;

        public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Task.CompletedTask;

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Task.CompletedTask;
    }
}
