using System.Text.Json;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;

namespace OrleansInference.Storage.Sql;

/// <summary>The prediction log in a database; how records are appended differs by database.</summary>
internal sealed class SqlPredictionLog(SqlDatabase database, IRecordWriter writer) : IPredictionLog
{
    // What any machine counts along an index in much less time than a read may take.
    private const int CountedAtOnce = 500_000;

    private const string SelectRecord = """SELECT id, "user", seq, model, version, variant, request_key, created_at, event, body FROM predictions """;
    private const string SelectById = $"{SelectRecord} WHERE id = @id";
    private const string SelectByKey = $"""{SelectRecord} WHERE "user" = @user AND model = @model AND request_key = @request_key""";
    private const string SelectLatest = $"""{SelectRecord} WHERE "user" = @user ORDER BY seq DESC LIMIT @most""";
    private const string SelectRange =
        $"""
        {SelectRecord}
        WHERE {InRange}
        ORDER BY created_at, id LIMIT @most
        """;

    private const string CountRange = $"SELECT count(*) FROM (SELECT 1 FROM predictions WHERE {InRange} LIMIT @most) AS counted";

    private const string SkipRange = $"SELECT created_at, id FROM predictions WHERE {InRange} ORDER BY created_at, id LIMIT 1 OFFSET @skip";

    // Along the index from its first entry to its last; with a lower bound of its own, every page would begin with the range.
    private const string InRange = "model = @model AND created_at < @to AND (created_at, id) > (@after, @after_id)";

    private const string SelectSchemas = "SELECT id, names FROM record_schemas WHERE id IN (SELECT schema_id FROM model_schemas WHERE model = @model) ORDER BY id";
    private const string SelectSchema = "SELECT names FROM record_schemas WHERE id = @id";
    private const string SelectLastSequence = """SELECT coalesce(max(seq), 0) FROM predictions WHERE "user" = @user""";
    private const string SelectEvents = $"""{SelectRecord} WHERE "user" = @user AND seq > @after AND event = 1 ORDER BY seq LIMIT @most""";

    private const string ReleaseEvents =
        """
        INSERT INTO released_events ("user", seq) VALUES (@user, @seq)
        ON CONFLICT ("user") DO UPDATE SET seq = excluded.seq WHERE excluded.seq > released_events.seq
        """;

    private const string ReleaseKey = "UPDATE predictions SET request_key = NULL WHERE id = @id";

    public Task<AppendOutcome> AppendAsync(PredictionRecord record, CancellationToken cancellationToken) => writer.AppendAsync(record, cancellationToken);

    public Task<long> ReadLastSequenceAsync(string user) =>
        database.ReadAsync(session => session.Statement(SelectLastSequence).Set("@user", user).ReadFirstAsync(row => row.Long(0), none: 0));

    public Task<PredictionRecord?> ReadAsync(Guid id) => database.ReadAsync(session => ReadFirstAsync(session, session.Statement(SelectById).Set("@id", id)));

    public Task<PredictionRecord?> ReadByKeyAsync(string user, string model, string idempotencyKey) => database.ReadAsync(session =>
        ReadFirstAsync(session, session.Statement(SelectByKey).Set("@user", user).Set("@model", model).Set("@request_key", idempotencyKey)));

    public Task ReleaseKeyAsync(Guid id) => database.WriteAsync(session => session.Statement(ReleaseKey).Set("@id", id).ExecuteAsync());

    public async Task<IReadOnlyList<PredictionRecord>> ReadLatestAsync(string user, int most) =>
        await database.ReadAsync(session => ReadAllAsync(session, session.Statement(SelectLatest).Set("@user", user).Set("@most", most)));

    public async Task<IReadOnlyList<PredictionRecord>> ReadEventsAsync(string user, long after, int most) =>
        await database.ReadAsync(session => ReadAllAsync(session, session.Statement(SelectEvents).Set("@user", user).Set("@after", after).Set("@most", most)));

    public Task ReleaseEventsAsync(string user, long through) =>
        database.WriteAsync(session => session.Statement(ReleaseEvents).Set("@user", user).Set("@seq", through).ExecuteAsync());

    public async Task<IReadOnlyList<PredictionRecord>> ReadRangeAsync(ExportQuery query, LogCursor? after, int most) => await database.ReadAsync(session => ReadAllAsync(
        session, InRangeAfter(session, SelectRange, query, after).Set("@most", most)));

    public async Task<long> CountRangeAsync(ExportQuery query, long most)
    {
        var (counted, after) = (0L, (LogCursor?)null);
        while (most - counted > CountedAtOnce)
        {
            var next = await database.ReadAsync(session => InRangeAfter(session, SkipRange, query, after)
                .Set("@skip", CountedAtOnce - 1)
                .ReadFirstAsync<LogCursor?>(row => new LogCursor(row.Time(0), row.Id(1)), null));
            if (next is null) break;
            (counted, after) = (counted + CountedAtOnce, next);
        }

        return counted + await database.ReadAsync(session => InRangeAfter(session, CountRange, query, after).Set("@most", most - counted).ReadFirstAsync(row => row.Long(0), none: 0));
    }

    public async Task<IReadOnlyList<FeatureSchema>> ReadSchemasAsync(string model) => await database.ReadAsync(session => session.Statement(SelectSchemas)
        .Set("@model", model)
        .ReadAllAsync(row => new FeatureSchema(row.Long(0), JsonSerializer.Deserialize<string[]>(row.Text(1))!)));

    // No record has the empty id.
    private static SqlStatement InRangeAfter(SqlSession session, string sql, ExportQuery query, LogCursor? after) => session.Statement(sql)
        .Set("@model", query.Model)
        .Set("@to", query.To ?? DateTimeOffset.MaxValue)
        .Set("@after", after?.CreatedAt ?? query.From ?? DateTimeOffset.UnixEpoch)
        .Set("@after_id", after?.Id ?? Guid.Empty);

    private static async ValueTask<PredictionRecord?> ReadFirstAsync(SqlSession session, SqlStatement statement) =>
        await statement.ReadFirstAsync(Read, null) is { } record ? record with { Schema = await ReadSchemaAsync(session, record.Schema.Id) } : null;

    private static async ValueTask<List<PredictionRecord>> ReadAllAsync(SqlSession session, SqlStatement statement)
    {
        var records = await statement.ReadAllAsync(Read);
        var schemas = new Dictionary<long, FeatureSchema>();
        for (var i = 0; i < records.Count; i++)
        {
            var id = records[i].Schema.Id;
            if (!schemas.TryGetValue(id, out var schema)) schemas.Add(id, schema = await ReadSchemaAsync(session, id));
            records[i] = records[i] with { Schema = schema };
        }

        return records;
    }

    private static PredictionRecord Read(SqlRow row)
    {
        var body = row.Bytes(9);
        return new PredictionRecord
        {
            Id = row.Id(0),
            User = row.Text(1),
            Sequence = row.Long(2),
            Model = row.Text(3),
            Version = row.Int(4),
            Variant = (ModelVariant)row.Int(5),
            IdempotencyKey = row.TextOrNull(6),
            CreatedAt = row.Time(7),
            IsEvent = row.Int(8) != 0,
            Schema = new FeatureSchema(PredictionBody.ReadSchemaId(body), []),
            Body = body,
            Messages = [],
        };
    }

    // Written in the record's own commit or before, so it is there.
    private static async ValueTask<FeatureSchema> ReadSchemaAsync(SqlSession session, long id)
    {
        var names = await session.Statement(SelectSchema).Set("@id", id).ReadFirstAsync<string?>(row => row.Text(0), null)
            ?? throw new InvalidDataException($"The database has records of schema {id}, but not the schema.");
        return new FeatureSchema(id, JsonSerializer.Deserialize<string[]>(names)!);
    }
}
