using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Storage.Sql.PostgreSql;

/// <summary>One commit: records and their messages in one statement, which is its own transaction and takes one round trip.</summary>
/// <remarks>One caller at a time.</remarks>
internal sealed class RecordCommit(PostgreSqlDatabase database)
{
    private const string InsertSchema =
        """
        WITH known AS (INSERT INTO record_schemas (id, names) VALUES (@id, @names) ON CONFLICT DO NOTHING)
        INSERT INTO model_schemas (model, schema_id) VALUES (@model, @id) ON CONFLICT DO NOTHING
        """;

    private const string InsertRecords =
        """
        WITH inserted AS (
          INSERT INTO predictions (id, "user", seq, model, version, variant, request_key, created_at, event, body)
          SELECT * FROM unnest(@ids, @users, @seqs, @models, @versions, @variants, @keys, @times, @events, @bodies)
          ON CONFLICT DO NOTHING RETURNING id, "user", created_at)
        """;

    private const string WithoutMessages = $"{InsertRecords} SELECT id FROM inserted";

    // Only of what was inserted, in the order of the rules.
    private const string WithMessages =
        $"""
        {InsertRecords}, messages AS (
          INSERT INTO outbox (message_id, prediction_id, "user", kind, target, rule, payload, created_at, next_attempt_at)
          SELECT m.message_id, m.prediction_id, inserted."user", m.kind, m.target, m.rule, m.payload, inserted.created_at, inserted.created_at
          FROM unnest(@m_ids, @m_predictions, @m_kinds, @m_targets, @m_rules, @m_payloads)
            WITH ORDINALITY AS m(message_id, prediction_id, kind, target, rule, payload, place)
          JOIN inserted ON inserted.id = m.prediction_id ORDER BY m.place
          ON CONFLICT DO NOTHING)
        SELECT id FROM inserted
        """;

    private const string SelectSame =
        """
        SELECT "user", seq FROM predictions WHERE id = @id
        UNION ALL SELECT '', 0 FROM predictions WHERE "user" = @user AND model = @model AND request_key = @key
        """;

    private readonly HashSet<(string Model, long Schema)> _committedSchemas = [];

    /// <summary>What became of each record.</summary>
    /// <exception cref="InferenceException">StorageUnavailable: nothing was written.</exception>
    /// <exception cref="NpgsqlException">The connection broke twice; the records may have been written.</exception>
    public async Task<AppendOutcome[]> ExecuteAsync(IReadOnlyList<PredictionRecord> records)
    {
        try
        {
            return await TryAsync(records, again: false);
        }
        catch (Exception e) when (PostgreSqlFaults.IsUnavailable(e))
        {
            // A server that was restarted has left broken connections in the pool. Harmless to say again: what is there already
            // under its own id and number was written by the first try.
            // What this silo knows of the schemas may be of a database that was another one.
            database.ForgetConnections();
            _committedSchemas.Clear();
            return await TryAsync(records, again: true);
        }
    }

    private async Task<AppendOutcome[]> TryAsync(IReadOnlyList<PredictionRecord> records, bool again)
    {
        await using var connection = await OpenAsync(again);
        foreach (var record in records) await WriteSchemaAsync(connection, record);
        var inserted = await InsertAsync(connection, records);
        var outcomes = new AppendOutcome[records.Count];
        for (var i = 0; i < outcomes.Length; i++)
            outcomes[i] = inserted.Contains(records[i].Id) ? AppendOutcome.Appended : await ExplainAsync(connection, records[i], again);
        return outcomes;
    }

    private async Task<NpgsqlConnection> OpenAsync(bool again)
    {
        try
        {
            return await database.OpenAsync(CancellationToken.None);
        }
        catch (Exception e) when (PostgreSqlFaults.IsUnavailable(e) && !again)
        {
            // Nothing was sent.
            throw PostgreSqlFaults.NotRecorded(PostgreSqlFaults.Reason(e));
        }
    }

    private async Task WriteSchemaAsync(NpgsqlConnection connection, PredictionRecord record)
    {
        if (_committedSchemas.Contains((record.Model, record.Schema.Id))) return;
        await using var command = new NpgsqlCommand(InsertSchema, connection);
        command.Parameters.AddWithValue("id", record.Schema.Id);
        command.Parameters.AddWithValue("names", JsonSerializer.Serialize(record.Schema.Names));
        command.Parameters.AddWithValue("model", record.Model);
        await command.ExecuteNonQueryAsync();
        _committedSchemas.Add((record.Model, record.Schema.Id));
    }

    private static async Task<HashSet<Guid>> InsertAsync(NpgsqlConnection connection, IReadOnlyList<PredictionRecord> records)
    {
        var messages = records.SelectMany(record => record.Messages, (record, message) => (record.Id, Message: message)).ToArray();
        await using var command = new NpgsqlCommand(messages.Length > 0 ? WithMessages : WithoutMessages, connection);
        Add(command, "ids", NpgsqlDbType.Uuid, records, record => record.Id);
        Add(command, "users", NpgsqlDbType.Text, records, record => record.User);
        Add(command, "seqs", NpgsqlDbType.Bigint, records, record => record.Sequence);
        Add(command, "models", NpgsqlDbType.Text, records, record => record.Model);
        Add(command, "versions", NpgsqlDbType.Integer, records, record => record.Version);
        Add(command, "variants", NpgsqlDbType.Integer, records, record => (int)record.Variant);
        Add(command, "keys", NpgsqlDbType.Text, records, record => record.IdempotencyKey);
        Add(command, "times", NpgsqlDbType.Bigint, records, record => record.CreatedAt.ToUnixTimeMilliseconds());
        Add(command, "events", NpgsqlDbType.Integer, records, record => record.IsEvent ? 1 : 0);
        Add(command, "bodies", NpgsqlDbType.Bytea, records, record => record.Body);
        if (messages.Length > 0) AddMessages(command, messages);

        var inserted = new HashSet<Guid>();
        await using var rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync()) inserted.Add(rows.GetGuid(0));
        return inserted;
    }

    private static void AddMessages(NpgsqlCommand command, IReadOnlyList<(Guid Prediction, OutboxMessage Message)> messages)
    {
        Add(command, "m_ids", NpgsqlDbType.Text, messages, message => message.Message.Id);
        Add(command, "m_predictions", NpgsqlDbType.Uuid, messages, message => message.Prediction);
        Add(command, "m_kinds", NpgsqlDbType.Text, messages, message => message.Message.Kind);
        Add(command, "m_targets", NpgsqlDbType.Text, messages, message => message.Message.Target);
        Add(command, "m_rules", NpgsqlDbType.Text, messages, message => message.Message.Rule);
        Add(command, "m_payloads", NpgsqlDbType.Bytea, messages, message => message.Message.Payload);
    }

    private static void Add<TItem, TValue>(NpgsqlCommand command, string name, NpgsqlDbType type, IReadOnlyList<TItem> items, Func<TItem, TValue> value)
    {
        var values = new TValue[items.Count];
        for (var i = 0; i < values.Length; i++) values[i] = value(items[i]);
        command.Parameters.Add(new NpgsqlParameter(name, NpgsqlDbType.Array | type) { Value = values });
    }

    // Rare: the log has it, or somebody else has the number.
    private static async Task<AppendOutcome> ExplainAsync(NpgsqlConnection connection, PredictionRecord record, bool again)
    {
        await using var command = new NpgsqlCommand(SelectSame, connection);
        command.Parameters.AddWithValue("id", record.Id);
        command.Parameters.AddWithValue("user", record.User);
        command.Parameters.AddWithValue("model", record.Model);
        command.Parameters.Add(new NpgsqlParameter("key", NpgsqlDbType.Text) { Value = (object?)record.IdempotencyKey ?? DBNull.Value });
        await using var rows = await command.ExecuteReaderAsync();
        var outcome = AppendOutcome.Superseded;
        while (await rows.ReadAsync())
        {
            if (again && rows.GetString(0) == record.User && rows.GetInt64(1) == record.Sequence) return AppendOutcome.Appended;
            outcome = AppendOutcome.Repeated;
        }

        return outcome;
    }
}
