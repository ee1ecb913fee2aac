namespace OrleansInference.Grains.Models.Sessions;

/// <summary>A model in memory. Safe for concurrent runs.</summary>
public interface IModelSession : IDisposable
{
    ModelMetadata Metadata { get; }

    /// <summary>Computes, on the calling thread, until done or cancelled.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled before or during the run.</exception>
    /// <exception cref="InferenceException">The inputs do not fit (InvalidInput), or the model failed (ModelFailed).</exception>
    IReadOnlyList<Tensor> Run(IReadOnlyList<Tensor> inputs, CancellationToken cancellationToken);
}

/// <summary>Port to the runtime that loads models.</summary>
public interface IModelSessionFactory
{
    /// <exception cref="InferenceStartupException">The file is no model that this runtime can serve; the message says why.</exception>
    IModelSession Load(string modelFile);
}
