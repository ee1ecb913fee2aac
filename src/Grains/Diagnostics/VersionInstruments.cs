using System.Diagnostics.Metrics;
using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Diagnostics;

/// <summary>The instruments of one model version, with its tags made once.</summary>
internal sealed class VersionInstruments(string model, int version, Histogram<double> queue, Histogram<double> compute, Histogram<int> batchSize, Counter<long> rejected)
{
    private static readonly KeyValuePair<string, object?> Input = new("stage", "input");
    private static readonly KeyValuePair<string, object?> Infer = new("stage", "infer");
    private static readonly KeyValuePair<string, object?> Output = new("stage", "output");

    private readonly KeyValuePair<string, object?> _model = new("model.name", model);
    private readonly KeyValuePair<string, object?> _version = new("model.version", version);

    public void OnQueued(TimeSpan duration) => queue.Record(duration.TotalSeconds, _model, _version);

    public void OnRun(int rows, StageDurations durations)
    {
        batchSize.Record(rows, _model, _version);
        compute.Record(durations.Input.TotalSeconds, _model, _version, Input);
        compute.Record(durations.Infer.TotalSeconds, _model, _version, Infer);
        compute.Record(durations.Output.TotalSeconds, _model, _version, Output);
    }

    public void OnRejected(string reason) => rejected.Add(1, _model, _version, new("reason", reason));
}
