using OrleansInference.Grains.PostProcessing;

namespace OrleansInference.Storage.Sql.PostgreSql;

/// <summary>A record that waits for its commit.</summary>
internal sealed class PendingRecord(PredictionRecord record) : PendingWrite
{
    private readonly TaskCompletionSource<AppendOutcome> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private CancellationTokenRegistration _leaving;

    public PredictionRecord Record => record;

    public Task<AppendOutcome> Completion => _completion.Task;

    /// <summary>Abandons the record when the caller's time is up and its commit has not begun. Before it is enqueued.</summary>
    /// <returns>False where that is now: it need not be.</returns>
    public bool LeaveAt(CancellationToken cancellationToken)
    {
        _leaving = cancellationToken.UnsafeRegister(static pending => ((PendingRecord)pending!).Leave(), this);
        return !Completion.IsCompleted;
    }

    public void Complete(AppendOutcome outcome)
    {
        _leaving.Unregister();
        if (outcome is not AppendOutcome.Appended) record.Chain.Break();
        _completion.TrySetResult(outcome);
    }

    public void Fail(InferenceException failure)
    {
        _leaving.Unregister();
        record.Chain.Break();
        _completion.TrySetException(failure);
    }

    protected override void OnAbandoned() => record.Chain.Break();

    private void Leave()
    {
        if (TryAbandon()) _completion.TrySetException(PostgreSqlFaults.NotRecorded("it did not come to the record within the time budget"));
    }
}
