using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using OrleansInference.SideBySide.Setup;

namespace OrleansInference.SideBySide.Workloads;

/// <summary>ONNX Runtime in a loop on one thread, without any server.</summary>
internal sealed class BareLoop : IDisposable
{
    private const int Columns = UserFeatures.Count + 1;

    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();

    public BareLoop(string file)
    {
        using var settings = new Microsoft.ML.OnnxRuntime.SessionOptions { IntraOpNumThreads = 1 };
        _session = new InferenceSession(file, settings);
    }

    public double RowsPerSecond(int batch, TimeSpan turn)
    {
        var values = new float[batch * Columns];
        for (var i = 0; i < values.Length; i++) values[i] = i % 7 / 7f;
        using var input = OrtValue.CreateTensorValueFromMemory(values, [batch, Columns]);
        var startedAt = Stopwatch.GetTimestamp();
        long rows = 0;
        for (; Stopwatch.GetElapsedTime(startedAt) < turn; rows += batch)
        {
            using var outputs = _session.Run(_options, [_session.InputNames[0]], [input], [_session.OutputNames[0]]);
        }

        return rows / Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
    }

    public void Dispose()
    {
        _session.Dispose();
        _options.Dispose();
    }
}
