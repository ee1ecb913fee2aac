using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models;

/// <summary>A version that answers inference requests: a session behind its batcher, or an ensemble of other models.</summary>
/// <remarks>
/// Whoever asks it holds it meanwhile: acquire, infer, release. A version that is retired takes nobody new and frees its memory
/// when the last holder has released it, so that a swap fails no request.
/// </remarks>
public interface IServedVersion
{
    int Version { get; }

    /// <summary>What runs it, in the protocol's words: <c>onnx_onnxv1</c> or <c>ensemble</c>.</summary>
    string Platform { get; }

    ModelMetadata Metadata { get; }

    /// <summary>Most rows of one run; 0 where requests are never joined.</summary>
    int MaxBatchSize { get; }

    /// <summary>What it has done so far.</summary>
    ModelStatistics Statistics { get; }

    /// <summary>Holds the version; false once it is retired, and the caller asks the catalog again.</summary>
    bool TryAcquire();

    /// <summary>Lets go of a held version.</summary>
    void Release();

    /// <summary>Takes nobody new; completes when the last holder has gone and the memory is free.</summary>
    Task RetireAsync();

    /// <summary>Computes, off the caller's thread. The caller holds the version.</summary>
    /// <exception cref="InferenceException">InvalidInput, QueueFull, DeadlineExceeded or ModelFailed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken);

    /// <summary>Computes once before anybody can call it, off the threads that callers share; neither statistics nor metrics count it.</summary>
    /// <exception cref="InferenceException">As <see cref="InferAsync"/>.</exception>
    Task<InferenceResponse> WarmUpAsync(InferenceRequest request, CancellationToken cancellationToken);
}
