using Microsoft.ML.OnnxRuntime;
using SessionOptions = Microsoft.ML.OnnxRuntime.SessionOptions;

namespace MinimalApi;

/// <summary>One session for all requests, run on the request's thread.</summary>
internal sealed class Model : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();
    private readonly string _input;
    private readonly string _output;

    /// <param name="file">The ONNX file.</param>
    /// <param name="threads">Threads of one run; 0, the default of ONNX Runtime, takes as many as there are cores.</param>
    public Model(string file, int threads)
    {
        using var options = new SessionOptions { IntraOpNumThreads = threads };
        _session = new InferenceSession(file, options);
        _input = _session.InputNames[0];
        _output = _session.OutputNames[0];
    }

    /// <summary>The last value of the first output: the score, or the probability of the second class.</summary>
    public float Run(float[] values)
    {
        using var input = OrtValue.CreateTensorValueFromMemory(values, [1, values.Length]);
        using var outputs = _session.Run(_options, [_input], [input], [_output]);
        return outputs[0].GetTensorDataAsSpan<float>()[^1];
    }

    public void Dispose()
    {
        _session.Dispose();
        _options.Dispose();
    }
}
