using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Feedback;

namespace OrleansInference.Storage.Sql;

/// <summary>Labels in a database.</summary>
internal sealed class SqlOutcomes(SqlDatabase database, TimeProvider time) : IOutcomes
{
    private const string SelectLatest = "SELECT label, revision, recorded_at FROM outcomes WHERE prediction_id = @id ORDER BY revision DESC LIMIT 1";

    private const string Insert =
        """
        INSERT INTO outcomes (prediction_id, revision, "user", model, version, score, label, predicted_at, recorded_at)
        VALUES (@id, @revision, @user, @model, @version, @score, @label, @predicted_at, @recorded_at)
        ON CONFLICT DO NOTHING
        """;

    private const string SelectAll = "SELECT label, revision, recorded_at FROM outcomes WHERE prediction_id = @id ORDER BY revision";

    private const string SelectLabelled =
        """
        SELECT version, score, label FROM outcomes
        WHERE model = @model AND predicted_at >= @from AND predicted_at < @to AND version BETWEEN @first AND @last
          AND NOT EXISTS (SELECT 1 FROM outcomes AS later WHERE later.prediction_id = outcomes.prediction_id AND later.revision > outcomes.revision)
        ORDER BY recorded_at DESC LIMIT @most
        """;

    private const string SelectLast = "SELECT recorded_at FROM outcomes WHERE model = @model ORDER BY recorded_at DESC LIMIT 1";

    public async Task<RecordedOutcome> AddAsync(PredictionRecord prediction, double score, double label)
    {
        while (true)
        {
            // Null when another correction took the revision just now: the next look sees it.
            if (await database.WriteAsync(session => TryAddAsync(session, prediction, score, label)) is { } outcome) return outcome;
        }
    }

    public async Task<IReadOnlyList<RecordedOutcome>> ReadAsync(Guid predictionId) =>
        await database.ReadAsync(session => session.Statement(SelectAll).Set("@id", predictionId).ReadAllAsync(row => Read(predictionId, row)));

    public async Task<IReadOnlyList<LabelledScore>> ReadLabelledAsync(QualityQuery query, int most) => await database.ReadAsync(session => session.Statement(SelectLabelled)
        .Set("@model", query.Model)
        .Set("@from", query.From ?? DateTimeOffset.UnixEpoch)
        .Set("@to", query.To ?? DateTimeOffset.MaxValue)
        .Set("@first", query.Version ?? int.MinValue)
        .Set("@last", query.Version ?? int.MaxValue)
        .Set("@most", most)
        .ReadAllAsync(row => new LabelledScore(row.Int(0), row.Double(1), row.Double(2))));

    public Task<DateTimeOffset?> ReadLastAsync(string model) =>
        database.ReadAsync(session => session.Statement(SelectLast).Set("@model", model).ReadFirstAsync<DateTimeOffset?>(row => row.Time(0), null));

    private async ValueTask<RecordedOutcome?> TryAddAsync(SqlSession session, PredictionRecord prediction, double score, double label)
    {
        var latest = await session.Statement(SelectLatest).Set("@id", prediction.Id).ReadFirstAsync<RecordedOutcome?>(row => Read(prediction.Id, row), null);
        if (latest?.Label == label) return latest;

        var outcome = new RecordedOutcome { PredictionId = prediction.Id, Label = label, Revision = (latest?.Revision ?? 0) + 1, RecordedAt = Now() };
        var rows = await session.Statement(Insert)
            .Set("@id", outcome.PredictionId)
            .Set("@revision", outcome.Revision)
            .Set("@user", prediction.User)
            .Set("@model", prediction.Model)
            .Set("@version", prediction.Version)
            .Set("@score", score)
            .Set("@label", label)
            .Set("@predicted_at", prediction.CreatedAt)
            .Set("@recorded_at", outcome.RecordedAt)
            .ExecuteAsync();
        return rows > 0 ? outcome : null;
    }

    // As it will be read.
    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());

    private static RecordedOutcome Read(Guid id, SqlRow row) => new() { PredictionId = id, Label = row.Double(0), Revision = row.Int(1), RecordedAt = row.Time(2) };
}
