using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Storage;
using OrleansInference;
using OrleansInference.Grains;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Windows;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.Users;

namespace MicroBenchmarks;

/// <summary>What it costs to put together 15 features of a user in memory: the request's amount, two of the calendar, six of a view, six of live windows over 60 events.</summary>
[MemoryDiagnoser]
public class AssemblyBenchmark : IDisposable
{
    private const int Events = 60;

    private static ReadOnlySpan<byte> Manifest =>
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
        """u8;

    private readonly BenchmarkFeatures _sources = new();
    private readonly DateTimeOffset _now = DateTimeOffset.UtcNow;
    private readonly PredictionRequest _request = new() { UserId = "42", Fields = [new RequestField("amount", 57.2)] };
    private readonly TimeBudget _budget = new(TimeSpan.FromDays(1), TimeProvider.System, CancellationToken.None);
    private readonly PredictPlan _plan;
    private readonly UserFeatures _features;
    private readonly EventWindow _events;
    private readonly string[] _names;
    private readonly Dictionary<string, double> _values;

    public AssemblyBenchmark()
    {
        _plan = _sources.Compile(Manifest.ToArray(), columns: 15);
        _features = new UserFeatures(new UserIdentity("-!42"), new UserFeaturesServices(_sources.Sources, Pushes(), TimeProvider.System));
        _events = new EventWindow(_sources.Window);
        for (var i = Events; i > 0; i--) _events.Add(new WindowEvent(_now.AddHours(-10 * i).UtcTicks, [1.5 * i]), long.MaxValue);
        _names = [.. Enumerable.Range(1, 15).Select(i => $"feature_{i}")];
        _values = _names.ToDictionary(name => name, _ => 1.5);
    }

    /// <summary>What one would write instead where the values never change: 15 look-ups by name, and the tensor.</summary>
    [Benchmark(Baseline = true)]
    public InferenceRequest Dictionary()
    {
        var row = new float[_names.Length];
        for (var i = 0; i < row.Length; i++) row[i] = (float)_values[_names[i]];
        return new InferenceRequest { Inputs = [Tensor.Create<float>("x", TensorDatatype.FP32, [1, row.Length], row)] };
    }

    [Benchmark]
    public async ValueTask<InferenceRequest> Assembled()
    {
        var bound = _plan.Bind(_request, _now);
        var rows = await _features.ReadAsync(_plan, bound, _budget);
        rows[_plan.Windows[0].Source] = new FeatureRow(_events.Read(bound.At.UtcTicks), TimeProvider.System.GetTimestamp());
        return new FeatureVector(_plan, bound, rows!, TimeProvider.System).ToInferenceRequest();
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _budget.Dispose();
        _sources.Dispose();
        GC.SuppressFinalize(this);
    }

    private static PushStore Pushes() => new(
        new NoStorage(),
        new SnapshotOutage(Options.Create(new SnapshotOptions()), TimeProvider.System, NullLogger<SnapshotOutage>.Instance),
        new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>());

    private sealed class NoStorage : IGrainStorage
    {
        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Task.CompletedTask;

        public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Task.CompletedTask;

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Task.CompletedTask;
    }
}
