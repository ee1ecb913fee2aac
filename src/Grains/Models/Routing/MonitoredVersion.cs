namespace OrleansInference.Grains.Models.Routing;

/// <summary>A version whose outcomes go to the canary's monitor: the canary itself, or the default it is measured against.</summary>
/// <remarks>It stands inside the prediction cache, so that the cache's answers, mostly the default's, do not make the canary look slow.</remarks>
internal sealed class MonitoredVersion(IServedVersion inner, CanaryMonitor monitor, bool isCanary, TimeProvider time) : DelegatingVersion(inner)
{
    public override async Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        try
        {
            var response = await Inner.InferAsync(request, cancellationToken);
            Record(VersionOutcome.Answered, startedAt);
            return response;
        }
        catch (Exception e)
        {
            if (OutcomeOf(e) is { } outcome) Record(outcome, startedAt);
            throw;
        }
    }

    private void Record(VersionOutcome outcome, long startedAt)
    {
        var latency = time.GetElapsedTime(startedAt);
        if (isCanary) monitor.RecordCanary(outcome, latency);
        else monitor.RecordDefault(outcome, latency);
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
