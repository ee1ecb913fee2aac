using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models.Ensembles;

/// <summary>An ensemble as the one version that it has.</summary>
/// <remarks>It holds none of its steps' models: each run asks for them anew, so that they are swapped as if there were no ensemble.</remarks>
internal sealed class EnsembleVersion(EnsemblePlan plan, IStepModels models, TimeProvider time) : IServedVersion
{
    /// <summary>The number under which an ensemble serves.</summary>
    public const int OnlyVersion = 1;

    private readonly VersionHolders _holders = new();
    private readonly RequestedOutputs _outputs = new(plan.Model, OnlyVersion, plan.Metadata.Outputs);
    private readonly DurationCounter _success = new();
    private readonly DurationCounter _fail = new();
    private long _rows;
    private long _lastTicks;

    public int Version => OnlyVersion;

    public string Platform => "ensemble";

    public ModelMetadata Metadata => plan.Metadata;

    public int MaxBatchSize => plan.MaxBatchSize;

    public ModelStatistics Statistics => new()
    {
        Name = plan.Model,
        Version = OnlyVersion,
        LastInference = Interlocked.Read(ref _lastTicks) is var ticks and > 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null,
        InferenceCount = Interlocked.Read(ref _rows),
        ExecutionCount = _success.Sum.Count,
        Success = _success.Sum,
        Fail = _fail.Sum,
        ComputeInfer = _success.Sum,
    };

    public bool TryAcquire() => _holders.TryAcquire();

    public void Release() => _holders.Release();

    public Task RetireAsync() => _holders.RetireAsync();

    public async Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        try
        {
            var response = await RunAsync(request, cancellationToken);
            OnAnswered(request, startedAt);
            return response;
        }
        catch
        {
            _fail.Add(time.GetElapsedTime(startedAt));
            throw;
        }
    }

    public Task<InferenceResponse> WarmUpAsync(InferenceRequest request, CancellationToken cancellationToken) => RunAsync(request, cancellationToken);

    private async Task<InferenceResponse> RunAsync(InferenceRequest request, CancellationToken cancellationToken)
    {
        TensorValidation.ThrowIfInvalid(plan.Model, OnlyVersion, plan.Metadata, request.Inputs, joins: MaxBatchSize > 0);
        var wanted = _outputs.Find(request.Outputs);
        var tensors = await new EnsembleRun(plan, request, models, time).RunAsync(cancellationToken);
        return new InferenceResponse { Version = OnlyVersion, Outputs = [.. wanted.Select(i => tensors[i])] };
    }

    private void OnAnswered(InferenceRequest request, long startedAt)
    {
        _success.Add(time.GetElapsedTime(startedAt));
        Interlocked.Add(ref _rows, plan.MaxBatchSize > 0 && request.Inputs is [{ Shape: [var rows, ..] }, ..] ? rows : 1);
        Interlocked.Exchange(ref _lastTicks, time.GetUtcNow().UtcTicks);
    }
}
