using System.Globalization;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using OrleansInference;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Models.Manifest;
using OrleansInference.Grains.Models.Planning;

namespace MicroBenchmarks;

/// <summary>A request's three fields checked and bound by the manifest, as for every prediction; and the manifest read and compiled, as for every load.</summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory), CategoriesColumn]
public class ManifestBindingBenchmark : IDisposable
{
    private static readonly JsonSerializerOptions CamelCase = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly byte[] _manifest =
        """
        {
          "predict": {
            "request": {
              "terminal_id": { "type": "string", "alias": "raw_feature", "required": true },
              "amount":      { "type": "number", "minimum": 0, "maximum": 1000000, "default": { "feature": "spending.mean_30d", "orElse": 0 } },
              "at":          { "type": "timestamp", "default": "now", "maxFuture": "00:05:00" }
            },
            "event":    { "view": "spending", "value": "amount", "time": "at", "when": "amount given" },
            "features": [ "spending", "profile" ],
            "inputs":   { "x": [ "request.amount", "calendar.is_weekend", "calendar.is_night", "spending.count_7d", "spending.mean_7d", "profile.c1" ] },
            "response": { "prediction": { "output": "y" } },
            "deadline": "00:00:01"
          }
        }
        """u8.ToArray();

    private readonly BenchmarkFeatures _sources = new();
    private readonly DateTimeOffset _now = new(2026, 4, 1, 12, 30, 0, TimeSpan.Zero);
    private readonly PredictPlan _plan;
    private readonly PredictionRequest _request = new()
    {
        UserId = "42",
        Fields = [new RequestField("raw_feature", "3156"), new RequestField("amount", 57.2), new RequestField("at", "2026-04-01T12:29:58Z")],
    };

    public ManifestBindingBenchmark() => _plan = _sources.Compile(_manifest, columns: 6);

    /// <summary>What one would write for this very model.</summary>
    [Benchmark(Baseline = true), BenchmarkCategory("request")]
    public (string Terminal, double Amount, DateTimeOffset At) ByHand()
    {
        string? terminal = null;
        var (amount, at) = (0.0, _now);
        foreach (var (name, value) in _request.Fields)
        {
            switch (name)
            {
                case "raw_feature" or "terminal_id":
                    terminal = value.Text;
                    break;
                case "amount" when value.Number is >= 0 and <= 1_000_000:
                    amount = value.Number;
                    break;
                case "at" when DateTimeOffset.TryParse(value.Text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out at) && at <= _now.AddMinutes(5):
                    break;
                default:
                    throw new ArgumentException(name);
            }
        }

        return (terminal ?? throw new ArgumentException("terminal_id"), amount, at);
    }

    [Benchmark, BenchmarkCategory("request")]
    public BoundRequest Bound() => _plan.Bind(_request, _now);

    /// <summary>The same file without a check.</summary>
    [Benchmark(Baseline = true), BenchmarkCategory("manifest")]
    public ModelManifest Deserialized() => JsonSerializer.Deserialize<ModelManifest>(_manifest, CamelCase)!;

    [Benchmark, BenchmarkCategory("manifest")]
    public PredictPlan ReadAndCompiled() => _sources.Compile(_manifest, columns: 6);

    [GlobalCleanup]
    public void Dispose()
    {
        _sources.Dispose();
        GC.SuppressFinalize(this);
    }
}
