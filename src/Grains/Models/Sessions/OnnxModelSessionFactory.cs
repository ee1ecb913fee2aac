using Microsoft.ML.OnnxRuntime;

namespace OrleansInference.Grains.Models.Sessions;

/// <summary>Loads models with ONNX Runtime.</summary>
public sealed class OnnxModelSessionFactory : IModelSessionFactory
{
    public IModelSession Load(string modelFile)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1 };

        // Spinning threads would steal the cores that grains need: parallelism comes from the inference threads instead.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        options.AddSessionConfigEntry("session.inter_op.allow_spinning", "0");
        options.LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR;
        try
        {
            return new OnnxModelSession(new InferenceSession(modelFile, options), modelFile);
        }
        catch (OnnxRuntimeException e)
        {
            throw new InferenceStartupException($"{modelFile}: ONNX Runtime cannot load this file: {e.Message} Export the model again, or remove the version's folder.");
        }
    }
}
