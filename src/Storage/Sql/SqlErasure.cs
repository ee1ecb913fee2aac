using OrleansInference.Grains.PostProcessing.Erasure;

namespace OrleansInference.Storage.Sql;

/// <summary>Removes a user from the database, a few rows at a time, so that others' commits pass between.</summary>
internal sealed class SqlErasure(SqlDatabase database) : IUserErasure
{
    private const int RowsAtOnce = 500;

    private const string FirstPredictions = """(SELECT id FROM predictions WHERE "user" = @user ORDER BY seq LIMIT @most)""";

    private const string DeletePredictions = $"DELETE FROM predictions WHERE id IN {FirstPredictions}";

    private const string RenamePredictions = $"""UPDATE predictions SET "user" = @pseudonym, request_key = NULL WHERE id IN {FirstPredictions}""";

    private const string DeleteOutcomes = """DELETE FROM outcomes WHERE "user" = @user""";

    private const string RenameOutcomes = """UPDATE outcomes SET "user" = @pseudonym WHERE "user" = @user""";

    private const string DeleteReleased = """DELETE FROM released_events WHERE "user" = @user""";

    private const string DeleteMessages = """DELETE FROM outbox WHERE position IN (SELECT position FROM outbox WHERE "user" = @user ORDER BY position LIMIT @most)""";

    public Task<(int Predictions, int Messages)> DeleteAsync(string user, CancellationToken cancellationToken) =>
        EraseAsync(user, session => session.Statement(DeletePredictions), session => session.Statement(DeleteOutcomes), cancellationToken);

    public Task<(int Predictions, int Messages)> PseudonymiseAsync(string user, string pseudonym, CancellationToken cancellationToken) =>
        EraseAsync(
            user,
            session => session.Statement(RenamePredictions).Set("@pseudonym", pseudonym),
            session => session.Statement(RenameOutcomes).Set("@pseudonym", pseudonym),
            cancellationToken);

    private async Task<(int Predictions, int Messages)> EraseAsync(
        string user, Func<SqlSession, SqlStatement> predictions, Func<SqlSession, SqlStatement> outcomes, CancellationToken cancellationToken)
    {
        // The messages first: they are what still acts in the user's name.
        var messages = await RepeatAsync(user, session => session.Statement(DeleteMessages), cancellationToken);
        var erased = await RepeatAsync(user, predictions, cancellationToken);
        await database.WriteAsync(session => outcomes(session).Set("@user", user).ExecuteAsync(), cancellationToken);
        await database.WriteAsync(session => session.Statement(DeleteReleased).Set("@user", user).ExecuteAsync(), cancellationToken);
        await database.ScrubAsync(cancellationToken);
        return (erased, messages);
    }

    private async Task<int> RepeatAsync(string user, Func<SqlSession, SqlStatement> statement, CancellationToken cancellationToken)
    {
        for (var all = 0; ;)
        {
            var rows = await database.WriteAsync(session => statement(session).Set("@user", user).Set("@most", RowsAtOnce).ExecuteAsync(), cancellationToken);
            all += rows;
            if (rows < RowsAtOnce) return all;
        }
    }
}
