using System.Text.Json;
using Microsoft.Data.Sqlite;
using OrleansInference.Grains.PostProcessing;

namespace OrleansInference.Storage.Sql;

/// <summary>A prediction's record and messages.</summary>
internal sealed class PredictionWrite(PredictionRecord record, Action messagesCommitted) : SqliteWrite
{
    private const string InsertSchema = "INSERT INTO record_schemas (id, names) VALUES (@id, @names) ON CONFLICT DO NOTHING";

    private const string InsertPrediction =
        """
        INSERT INTO predictions (id, user, seq, model, version, request_key, created_at, body)
        VALUES (@id, @user, @seq, @model, @version, @request_key, @created_at, @body)
        ON CONFLICT DO NOTHING
        """;

    private const string InsertMessage =
        """
        INSERT INTO outbox (message_id, prediction_id, user, kind, target, payload, created_at, next_attempt_at)
        VALUES (@message_id, @prediction_id, @user, @kind, @target, @payload, @created_at, @created_at)
        ON CONFLICT DO NOTHING
        """;

    public long SchemaId => record.Schema.Id;

    protected override int Apply(WriterConnection connection)
    {
        var id = record.Id.ToByteArray(bigEndian: true);
        if (!connection.HasSchema(record.Schema.Id)) WriteSchema(connection);
        if (WritePrediction(connection, id) == 0) return 0;
        foreach (var message in record.Messages) WriteMessage(connection, id, message);
        return 1;
    }

    protected override void Committed(int rows)
    {
        if (rows > 0 && record.Messages.Count > 0) messagesCommitted();
    }

    private void WriteSchema(WriterConnection connection)
    {
        var command = connection.Command(InsertSchema);
        command.Set("@id", record.Schema.Id);
        command.Set("@names", JsonSerializer.Serialize(record.Schema.Names));
        command.ExecuteNonQuery();
    }

    private int WritePrediction(WriterConnection connection, byte[] id)
    {
        var command = connection.Command(InsertPrediction);
        command.Set("@id", id);
        command.Set("@user", record.User);
        command.Set("@seq", record.Sequence);
        command.Set("@model", record.Model);
        command.Set("@version", record.Version);
        command.Set("@request_key", record.RequestKey);
        command.Set("@created_at", record.CreatedAt.ToUnixTimeMilliseconds());
        command.Set("@body", record.Body);
        return command.ExecuteNonQuery();
    }

    private void WriteMessage(WriterConnection connection, byte[] id, OutboxMessage message)
    {
        var command = connection.Command(InsertMessage);
        command.Set("@message_id", message.Id);
        command.Set("@prediction_id", id);
        command.Set("@user", record.User);
        command.Set("@kind", message.Kind);
        command.Set("@target", message.Target);
        command.Set("@payload", message.Payload);
        command.Set("@created_at", record.CreatedAt.ToUnixTimeMilliseconds());
        command.ExecuteNonQuery();
    }
}
