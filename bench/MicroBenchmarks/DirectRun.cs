using Microsoft.ML.OnnxRuntime;

namespace MicroBenchmarks;

/// <summary>The runtime alone: one row, on the calling thread.</summary>
internal sealed class DirectRun : IDisposable
{
    private readonly SessionOptions _sessionOptions = new() { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
    private readonly RunOptions _options = new();
    private readonly InferenceSession _session;
    private readonly OrtValue _input = OrtValue.CreateTensorValueFromMemory(BenchmarkModels.Rows(1)[0].Elements<float>().ToArray(), [1, 32]);

    public DirectRun(string file) => _session = new InferenceSession(file, _sessionOptions);

    public void Run()
    {
        using var outputs = _session.Run(_options, ["x"], [_input], ["y"]);
    }

    public void Dispose()
    {
        _input.Dispose();
        _session.Dispose();
        _options.Dispose();
        _sessionOptions.Dispose();
    }
}
