using Microsoft.ML.OnnxRuntime;

namespace OrleansInference.Grains.Models.Sessions;

/// <summary>The names of a model's tensors, in its order.</summary>
internal sealed record OnnxRunNames(string[] Inputs, string[] Outputs);

/// <summary>What one run needs beside the model: inputs, outputs, and the means to end it early. Used by one run at a time.</summary>
internal sealed class OnnxRun(InferenceSession session, OnnxRunNames names, ModelMetadata metadata, IReadOnlyList<KnownOutput>? known) : IDisposable
{
    // What goes wrong is in the exception; ONNX Runtime would print it too, for each cancelled or faulty request.
    private readonly RunOptions _options = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
    private readonly OnnxInputs _inputs = new(metadata.Inputs);
    private readonly OnnxOutputs? _outputs = known is null ? null : new OnnxOutputs(known);
    private volatile bool _isTerminated;

    /// <summary>Whether it was ended early; it must not be used again.</summary>
    public bool IsTerminated => _isTerminated;

    public void Terminate()
    {
        _isTerminated = true;
        _options.Terminate = true;
    }

    public bool CanPlaceOutputs(InferenceBatch batch)
    {
        if (known is null || batch.Rows == 0) return false;
        foreach (var output in known)
        {
            if (!output.Fits(batch.Rows)) return false;
        }

        return true;
    }

    /// <summary>The model writes to memory of ours.</summary>
    public bool ExecuteInPlace(InferenceBatch batch)
    {
        _inputs.Bind(batch);
        _outputs!.Bind(batch);
        batch.EndInput();
        session.Run(_options, names.Inputs, _inputs.Values, names.Outputs, _outputs.Values);
        batch.EndInfer();
        _outputs.Answer(batch);
        return true;
    }

    /// <summary>The model takes memory as it needs; the outputs are copied from there.</summary>
    public bool ExecuteFreely(InferenceBatch batch)
    {
        Release();
        _inputs.Bind(batch);
        batch.EndInput();
        using var outputs = session.Run(_options, names.Inputs, _inputs.Values, names.Outputs);
        batch.EndInfer();
        return new FreeOutputs(metadata.Outputs, outputs).Answer(batch);
    }

    /// <summary>Lets go of one run's values; buffers stay.</summary>
    public void Release()
    {
        _inputs.Release();
        _outputs?.Release();
    }

    public void Dispose()
    {
        _inputs.Dispose();
        _outputs?.Dispose();
        _options.Dispose();
    }
}
