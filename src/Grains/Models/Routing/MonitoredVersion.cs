namespace OrleansInference.Grains.Models.Routing;

/// <summary>A version whose outcomes go to a canary's monitor while it is the canary, or the default that the canary is measured against.</summary>
/// <remarks>It stands inside the prediction cache, so that the cache's answers, mostly the default's, do not make the canary look slow.</remarks>
internal sealed class MonitoredVersion(IServedVersion inner, TimeProvider time) : DelegatingVersion(inner)
{
    private volatile Action<VersionOutcome, TimeSpan>? _record;

    /// <summary>Tells outcomes to a monitor from now on, or with null to none.</summary>
    public void Watch(CanaryMonitor? monitor, bool isCanary) =>
        _record = monitor is null ? null : isCanary ? monitor.RecordCanary : monitor.RecordDefault;

    public override Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken) =>
        _record is { } record ? InferAsync(record, request, cancellationToken) : Inner.InferAsync(request, cancellationToken);

    private async Task<InferenceResponse> InferAsync(Action<VersionOutcome, TimeSpan> record, InferenceRequest request, CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        try
        {
            var response = await Inner.InferAsync(request, cancellationToken);
            record(VersionOutcome.Answered, time.GetElapsedTime(startedAt));
            return response;
        }
        catch (Exception e)
        {
            if (OutcomeOf(e) is { } outcome) record(outcome, time.GetElapsedTime(startedAt));
            throw;
        }
    }

    // Null: the request says nothing about the version.
    private static VersionOutcome? OutcomeOf(Exception exception) => exception switch
    {
        OperationCanceledException => VersionOutcome.GivenUp,
        InferenceException { Code: InferenceErrorCode.DeadlineExceeded or InferenceErrorCode.Cancelled } => VersionOutcome.GivenUp,
        InferenceException { Code: not (InferenceErrorCode.ModelFailed or InferenceErrorCode.Internal) } => null,
        _ => VersionOutcome.Failed,
    };
}
