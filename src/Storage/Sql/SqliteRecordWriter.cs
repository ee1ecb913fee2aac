using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Storage.Sql;

/// <summary>Hands records to the writer's thread.</summary>
internal sealed class SqliteRecordWriter(SqliteWriter writer, OutboxSignal outbox) : IRecordWriter
{
    public async Task<AppendOutcome> AppendAsync(PredictionRecord record, CancellationToken cancellationToken)
    {
        var write = new PredictionWrite(record, outbox);
        try
        {
            return await writer.EnqueueAsync(write).WaitAsync(cancellationToken);
        }
        catch (InferenceException)
        {
            record.Chain.Break();
            throw;
        }
        catch (OperationCanceledException) when (Abandon(record, write))
        {
            throw new InferenceException(
                InferenceErrorCode.StorageUnavailable,
                "The prediction log did not come to the record within the time budget. Nothing was recorded; a retry is safe.",
                TimeSpan.FromSeconds(1));
        }
    }

    // In this order: between the two, the writer must not take a later record of the chain.
    private static bool Abandon(PredictionRecord record, PredictionWrite write)
    {
        record.Chain.Break();
        return write.TryAbandon();
    }
}
