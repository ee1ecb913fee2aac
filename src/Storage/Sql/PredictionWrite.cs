using System.Text.Json;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Storage.Sql;

/// <summary>A prediction's record and messages.</summary>
internal sealed class PredictionWrite(PredictionRecord record, OutboxSignal outbox) : SqliteWrite<AppendOutcome>
{
    private const string InsertSchema = "INSERT INTO record_schemas (id, names) VALUES (@id, @names) ON CONFLICT DO NOTHING";

    private const string InsertModelSchema = "INSERT INTO model_schemas (model, schema_id) VALUES (@model, @id) ON CONFLICT DO NOTHING";

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

    private CancellationTokenRegistration _leaving;

    /// <summary>Abandons the write when the caller's time is up and its commit has not begun. Before the write is enqueued.</summary>
    /// <returns>False where that is now: it need not be.</returns>
    public bool LeaveAt(CancellationToken cancellationToken)
    {
        _leaving = cancellationToken.UnsafeRegister(static write => ((PredictionWrite)write!).Leave(), this);
        return !Completion.IsCompleted;
    }

    protected override AppendOutcome Apply(WriterConnection connection)
    {
        if (record.Chain.IsBroken) return AppendOutcome.Broken;
        if (!connection.HasSchema(record.Model, record.Schema.Id)) WriteSchema(connection);
        if (connection.Predictions.Execute(record))
        {
            foreach (var message in record.Messages) WriteMessage(connection, message);
            return AppendOutcome.Appended;
        }

        record.Chain.Break();
        return IsRepeat(connection) ? AppendOutcome.Repeated : AppendOutcome.Superseded;
    }

    protected override void Committed(AppendOutcome outcome)
    {
        _leaving.Unregister();
        if (outcome is AppendOutcome.Appended && record.Messages.Count > 0) outbox.Raise(record.Messages);
    }

    protected override void Failed()
    {
        _leaving.Unregister();
        record.Chain.Break();
    }

    protected override void OnAbandoned() => record.Chain.Break();

    private void Leave()
    {
        if (TryAbandon()) Leave(NotReached());
    }

    private static InferenceException NotReached() => new(
        InferenceErrorCode.StorageUnavailable,
        "The prediction log did not come to the record within the time budget. Nothing was recorded; a retry is safe.",
        TimeSpan.FromSeconds(1));

    private void WriteSchema(WriterConnection connection)
    {
        connection.Execute(connection.Statement(InsertSchema).Set("@id", record.Schema.Id).Set("@names", JsonSerializer.Serialize(record.Schema.Names)));
        connection.Execute(connection.Statement(InsertModelSchema).Set("@model", record.Model).Set("@id", record.Schema.Id));
        connection.OnSchemaWritten(record.Model, record.Schema.Id);
    }

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
