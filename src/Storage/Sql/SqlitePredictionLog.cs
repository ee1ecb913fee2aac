using System.Text.Json;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;

namespace OrleansInference.Storage.Sql;

/// <summary>The prediction log in the embedded database.</summary>
internal sealed class SqlitePredictionLog(SqliteWriter writer, SqliteReaders readers, InferenceDatabase database, SqliteOutbox outbox) : IPredictionLog
{
    private const string SelectPrediction = "SELECT user, seq, model, version, request_key, created_at, body FROM predictions WHERE id = @id";
    private const string SelectSchema = "SELECT names FROM record_schemas WHERE id = @id";
    private const string SelectLastSequence = "SELECT coalesce(max(seq), 0) FROM predictions WHERE user = @user";

    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);

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
        ReadTimeout);

    public Task<PredictionRecord?> ReadAsync(Guid id) => readers.ReadAsync(database.ConnectionString, connection => Read(connection, id), ReadTimeout);

    private static PredictionRecord? Read(ReaderConnection connection, Guid id)
    {
        var command = connection.Command(SelectPrediction);
        command.Set("@id", id.ToByteArray(bigEndian: true));
        using var row = command.ExecuteReader();
        if (!row.Read()) return null;

        var body = (byte[])row.GetValue(6);
        return new PredictionRecord
        {
            Id = id,
            User = row.GetString(0),
            Sequence = row.GetInt64(1),
            Model = row.GetString(2),
            Version = row.GetInt32(3),
            RequestKey = row.IsDBNull(4) ? null : row.GetString(4),
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(5)),
            Schema = ReadSchema(connection, PredictionBody.Decode(body).SchemaId),
            Body = body,
            Messages = [],
        };
    }

    // Written in the record's own commit or before, so it is there.
    private static FeatureSchema ReadSchema(ReaderConnection connection, long id)
    {
        var command = connection.Command(SelectSchema);
        command.Set("@id", id);
        return new FeatureSchema(id, JsonSerializer.Deserialize<string[]>((string)command.ExecuteScalar()!)!);
    }
}
