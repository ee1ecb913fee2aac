using OrleansInference.Grains.PostProcessing.Retention;

namespace OrleansInference.Storage.Sql;

/// <summary>Deletes old rows, a page at a time.</summary>
internal sealed class SqlRetention(SqlDatabase database) : IRetention
{
    private const string NextModel = "SELECT min(model) FROM predictions WHERE model > @model";

    private const string PageEnd =
        """
        SELECT created_at, id FROM predictions
        WHERE model = @model AND created_at < @before AND (created_at, id) > (@from, @from_id)
        ORDER BY created_at, id LIMIT 1 OFFSET @skip
        """;

    // No bound but the page's: SQLite would read up to the other one.
    private const string OldPredictions =
        """
        model = @model AND (created_at, id) > (@from, @from_id) AND (created_at, id) <= (@to, @to_id)
          AND EXISTS (SELECT 1 FROM predictions AS later WHERE later."user" = predictions."user" AND later.seq > predictions.seq)
          AND (event = 0 OR created_at < @windows_from
            OR seq <= (SELECT released.seq FROM released_events AS released WHERE released."user" = predictions."user"))
        """;

    private const string DeleteOutcomes = $"DELETE FROM outcomes WHERE prediction_id IN (SELECT id FROM predictions WHERE {OldPredictions})";

    private const string DeletePredictions = $"DELETE FROM predictions WHERE {OldPredictions}";

    // state: 1 delivered, 2 dead letter. What still waits is never too old. The first two terms say again what the others do, in the
    // words of the index over what is settled: SQLite does not see that state = 1 is state <> 0, and would read the whole outbox.
    private const string DeleteMessages =
        """
        DELETE FROM outbox WHERE position IN (
          SELECT position FROM outbox
          WHERE state <> 0 AND settled_at < @settled_before
            AND ((state = 1 AND settled_at < @delivered_before) OR (state = 2 AND settled_at < @dead_before))
          LIMIT @most)
        """;

    // Beyond every id: what a page without an end goes up to.
    private static readonly Guid LastId = new("ffffffff-ffff-ffff-ffff-ffffffffffff");

    public async Task<(int Deleted, RetentionCursor? Next)> DeletePredictionsAsync(
        DateTimeOffset before, DateTimeOffset windowsFrom, RetentionCursor from, int most, CancellationToken cancellationToken)
    {
        if (from == RetentionCursor.Start)
        {
            if (await NextModelAsync(from.Model, cancellationToken) is not { } first) return (0, null);
            from = first;
        }

        var end = await database.ReadAsync(
            session => Bound(session.Statement(PageEnd), from).Set("@before", before).Set("@skip", most - 1).ReadFirstAsync<RetentionCursor?>(row => new(from.Model, row.Time(0), row.Id(1)), null),
            cancellationToken);
        var to = end ?? new RetentionCursor(from.Model, before.AddMilliseconds(-1), LastId);
        var deleted = await database.WriteAsync(
            async session =>
            {
                await Bound(session.Statement(DeleteOutcomes), windowsFrom, from, to).ExecuteAsync();
                return await Bound(session.Statement(DeletePredictions), windowsFrom, from, to).ExecuteAsync();
            },
            cancellationToken);
        return (deleted, end ?? await NextModelAsync(from.Model, cancellationToken));
    }

    public Task<int> DeleteMessagesAsync(DateTimeOffset deliveredBefore, DateTimeOffset deadBefore, int most, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.Statement(DeleteMessages)
            .Set("@settled_before", deliveredBefore > deadBefore ? deliveredBefore : deadBefore)
            .Set("@delivered_before", deliveredBefore)
            .Set("@dead_before", deadBefore)
            .Set("@most", most)
            .ExecuteAsync(),
        cancellationToken);

    // Model by model, as the index has them.
    private Task<RetentionCursor?> NextModelAsync(string model, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.Statement(NextModel).Set("@model", model).ReadFirstAsync<RetentionCursor?>(row => row.TextOrNull(0) is { } next ? RetentionCursor.Start with { Model = next } : null, null),
        cancellationToken);

    private static SqlStatement Bound(SqlStatement statement, DateTimeOffset windowsFrom, RetentionCursor from, RetentionCursor to) =>
        Bound(statement, from).Set("@windows_from", windowsFrom).Set("@to", to.CreatedAt).Set("@to_id", to.Id);

    private static SqlStatement Bound(SqlStatement statement, RetentionCursor from) =>
        statement.Set("@model", from.Model).Set("@from", from.CreatedAt).Set("@from_id", from.Id);
}
