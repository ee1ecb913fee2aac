using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models;

/// <summary>A version with something around it, such as a cache: what is not overridden is the inner version's.</summary>
internal abstract class DelegatingVersion(IServedVersion inner) : IServedVersion
{
    public int Version => inner.Version;

    public string Platform => inner.Platform;

    public ModelMetadata Metadata => inner.Metadata;

    public int MaxBatchSize => inner.MaxBatchSize;

    public virtual ModelStatistics Statistics => inner.Statistics;

    protected IServedVersion Inner => inner;

    public bool TryAcquire() => inner.TryAcquire();

    public void Release() => inner.Release();

    public Task RetireAsync() => inner.RetireAsync();

    public Task<InferenceResponse> WarmUpAsync(InferenceRequest request, CancellationToken cancellationToken) => inner.WarmUpAsync(request, cancellationToken);

    public abstract Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken);
}
