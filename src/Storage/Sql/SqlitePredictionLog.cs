using OrleansInference.Grains;
using OrleansInference.Grains.PostProcessing;

namespace OrleansInference.Storage.Sql;

/// <summary>The prediction log in the embedded database.</summary>
internal sealed class SqlitePredictionLog(SqliteWriter writer, SqliteReaders readers, InferenceDatabase database, SqliteOutbox outbox) : IPredictionLog
{
    private const string SelectLastSequence = "SELECT coalesce(max(seq), 0) FROM predictions WHERE user = @user";

    public async Task<bool> AppendAsync(PredictionRecord record, CancellationToken cancellationToken)
    {
        var write = new PredictionWrite(record, outbox.Signal);
        var commit = writer.EnqueueAsync(write);
        try
        {
            return await commit.WaitAsync(cancellationToken) > 0;
        }
        catch (OperationCanceledException) when (write.TryAbandon())
        {
            throw new InferenceException(
                InferenceErrorCode.StorageUnavailable,
                "The prediction log did not come to the record within the time budget. Nothing was recorded; a retry is safe.",
                TimeSpan.FromSeconds(1));
        }
    }

    public Task<long> ReadLastSequenceAsync(string user) => readers.ReadAsync(
        database.ConnectionString,
        connection =>
        {
            var command = connection.Command(SelectLastSequence);
            command.Set("@user", user);
            return (long)command.ExecuteScalar()!;
        },
        timeout: TimeSpan.FromSeconds(5));
}
