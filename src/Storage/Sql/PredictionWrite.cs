using System.Text.Json;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Storage.Sql;

/// <summary>A prediction's record and messages.</summary>
internal sealed class PredictionWrite(PredictionRecord record, OutboxSignal outbox) : SqliteWrite<AppendOutcome>
{
    private const string InsertSchema = "INSERT INTO record_schemas (id, names) VALUES (@id, @names) ON CONFLICT DO NOTHING";

    private const string InsertModelSchema = "INSERT INTO model_schemas (model, schema_id) VALUES (@model, @id) ON CONFLICT DO NOTHING";

    private const string InsertPrediction =
        """
        INSERT INTO predictions (id, "user", seq, model, version, variant, request_key, created_at, event, body)
        VALUES (@id, @user, @seq, @model, @version, @variant, @request_key, @created_at, @event, @body)
        ON CONFLICT DO NOTHING
        """;

    private const string SelectSame =
        """
        SELECT 1 FROM predictions WHERE id = @id
        UNION ALL SELECT 1 FROM predictions WHERE "user" = @user AND model = @model AND request_key = @request_key
        """;

    private const string InsertMessage =
        """
        INSERT INTO outbox (message_id, prediction_id, "user", kind, target, rule, payload, created_at, next_attempt_at)
        VALUES (@message_id, @prediction_id, @user, @kind, @target, @rule, @payload, @created_at, @created_at)
        ON CONFLICT DO NOTHING
        """;

    public string Model => record.Model;

    public long SchemaId => record.Schema.Id;

    protected override AppendOutcome Apply(WriterConnection connection)
    {
        if (record.Chain.IsBroken) return AppendOutcome.Broken;
        if (!connection.HasSchema(Model, SchemaId)) WriteSchema(connection);
        if (WritePrediction(connection) > 0)
        {
            foreach (var message in record.Messages) WriteMessage(connection, message);
            return AppendOutcome.Appended;
        }

        record.Chain.Break();
        return IsRepeat(connection) ? AppendOutcome.Repeated : AppendOutcome.Superseded;
    }

    protected override void Committed(AppendOutcome outcome)
    {
        if (outcome is AppendOutcome.Appended) outbox.Raise(record.Messages);
    }

    protected override void Failed() => record.Chain.Break();

    private void WriteSchema(WriterConnection connection)
    {
        connection.Execute(connection.Statement(InsertSchema).Set("@id", SchemaId).Set("@names", JsonSerializer.Serialize(record.Schema.Names)));
        connection.Execute(connection.Statement(InsertModelSchema).Set("@model", Model).Set("@id", SchemaId));
    }

    private int WritePrediction(WriterConnection connection) => connection.Execute(connection.Statement(InsertPrediction)
        .Set("@id", record.Id)
        .Set("@user", record.User)
        .Set("@seq", record.Sequence)
        .Set("@model", record.Model)
        .Set("@version", record.Version)
        .Set("@variant", (int)record.Variant)
        .Set("@request_key", record.IdempotencyKey)
        .Set("@created_at", record.CreatedAt)
        .Set("@event", record.IsEvent ? 1 : 0)
        .Set("@body", record.Body));

    private bool IsRepeat(WriterConnection connection) => connection.Run(session => session.Statement(SelectSame)
        .Set("@id", record.Id)
        .Set("@user", record.User)
        .Set("@model", record.Model)
        .Set("@request_key", record.IdempotencyKey)
        .ReadFirstAsync(_ => true, none: false));

    private void WriteMessage(WriterConnection connection, OutboxMessage message) => connection.Execute(connection.Statement(InsertMessage)
        .Set("@message_id", message.Id)
        .Set("@prediction_id", record.Id)
        .Set("@user", record.User)
        .Set("@kind", message.Kind)
        .Set("@target", message.Target)
        .Set("@rule", message.Rule)
        .Set("@payload", message.Payload)
        .Set("@created_at", record.CreatedAt));
}
