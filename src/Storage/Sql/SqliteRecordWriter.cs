using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Storage.Sql;

/// <summary>Hands records to the writer's thread.</summary>
internal sealed class SqliteRecordWriter(SqliteWriter writer, OutboxSignal outbox) : IRecordWriter
{
    // The write's own task, with no step of ours between the writer's thread and the grain that waits.
    public Task<AppendOutcome> AppendAsync(PredictionRecord record, CancellationToken cancellationToken)
    {
        var write = new PredictionWrite(record, outbox);
        try
        {
            if (write.LeaveAt(cancellationToken)) _ = writer.EnqueueAsync(write);
        }
        catch (InferenceException e)
        {
            write.Fail(e);
        }

        return write.Completion;
    }
}
