namespace OrleansInference.Grains.Models.Sessions;

/// <summary>A model in memory. Safe for concurrent runs.</summary>
public interface IModelSession : IDisposable
{
    ModelMetadata Metadata { get; }

    /// <summary>Computes one request, on the calling thread, until done or cancelled. The inputs may come in any order.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled before or during the run.</exception>
    /// <exception cref="InferenceException">The inputs do not fit (InvalidInput), or the model failed (ModelFailed).</exception>
    IReadOnlyList<Tensor> Run(IReadOnlyList<Tensor> inputs, CancellationToken cancellationToken);

    /// <summary>Computes the rows of several requests in one run, and answers each its own.</summary>
    /// <returns>
    /// Whether the outputs have the batch's rows first. Where not, nobody's share of a joined run can be told and none is answered;
    /// a whole request that ran alone is answered all the same.
    /// </returns>
    /// <exception cref="OperationCanceledException">The token was cancelled before or during the run.</exception>
    /// <exception cref="InferenceException">The model failed (ModelFailed), on whichever of the requests.</exception>
    bool Run(InferenceBatch batch, CancellationToken cancellationToken);
}

/// <summary>Port to the runtime that loads models.</summary>
public interface IModelSessionFactory
{
    /// <exception cref="InferenceStartupException">The file is no model that this runtime can serve; the message says why.</exception>
    IModelSession Load(string modelFile);
}
