using OrleansInference.Grains.PostProcessing;

namespace OrleansInference.Storage.Sql.PostgreSql;

/// <summary>A record that waits for its commit.</summary>
internal sealed class PendingRecord(PredictionRecord record) : PendingWrite
{
    private readonly TaskCompletionSource<AppendOutcome> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public PredictionRecord Record => record;

    public Task<AppendOutcome> Completion => _completion.Task;

    public void Complete(AppendOutcome outcome)
    {
        if (outcome is not AppendOutcome.Appended) record.Chain.Break();
        _completion.TrySetResult(outcome);
    }

    public void Fail(InferenceException failure)
    {
        record.Chain.Break();
        _completion.TrySetException(failure);
    }
}
