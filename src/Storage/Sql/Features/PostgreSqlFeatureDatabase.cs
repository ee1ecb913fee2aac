using System.Data;
using Npgsql;
using NpgsqlTypes;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Storage.Sql.PostgreSql;

namespace OrleansInference.Storage.Sql.Features;

/// <summary>Feature views over PostgreSQL. Asynchronous throughout.</summary>
/// <remarks>
/// Ids of both kinds in one group are asked for in two queries, since an array has one type; a text that stands among integers
/// then fails alone.
/// </remarks>
internal sealed class PostgreSqlFeatureDatabase(PostgreSqlFeatureSources sources, TimeProvider time) : IFeatureDatabase
{
    // Text in PostgreSQL has no NUL, so such an id has no row; it must not spoil the group.
    public async Task<IReadOnlyDictionary<string, StoredRow>> QueryAsync(FeatureView view, IReadOnlyList<string> userIds)
    {
        var (numbers, texts) = UserIds.Split(userIds, view.Options.UserIdType);
        texts = [.. texts.Where(text => !text.Contains('\0'))];
        var found = new Dictionary<string, StoredRow>();
        if (numbers.Count > 0) await AskAsync(view, Parameter(view, NpgsqlDbType.Bigint, numbers), userIds, found);
        if (texts.Count > 0 && numbers.Count > 0) await TryAskAsync(view, Parameter(view, NpgsqlDbType.Text, texts), texts, found);
        else if (texts.Count > 0) await AskAsync(view, Parameter(view, NpgsqlDbType.Text, texts), userIds, found);
        return found;
    }

    public Task CheckAsync(FeatureView view) => WithinAsync(view, async (connection, cancellationToken) =>
    {
        await using var command = Command(view, connection, view.Options.UserIdType is UserIdType.Text
            ? Parameter<string>(view, NpgsqlDbType.Text, [""])
            : Parameter<long>(view, NpgsqlDbType.Bigint, [0]));
        await using var rows = await command.ExecuteReaderAsync(CommandBehavior.SchemaOnly, cancellationToken);
        return new FeatureRows(view, rows);
    });

    // The integers of the group have their answers; what the texts meet is theirs.
    private async Task TryAskAsync(FeatureView view, NpgsqlParameter parameter, IReadOnlyList<string> userIds, Dictionary<string, StoredRow> found)
    {
        try
        {
            await AskAsync(view, parameter, userIds, found);
        }
        catch (FeatureDatabaseException e)
        {
            foreach (var userId in userIds) found.TryAdd(userId, new StoredRow([], null, e.Message));
        }
    }

    private Task AskAsync(FeatureView view, NpgsqlParameter parameter, IReadOnlyList<string> userIds, Dictionary<string, StoredRow> found) => WithinAsync(view, async (connection, cancellationToken) =>
    {
        await using var command = Command(view, connection, parameter);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        FeatureRows? reader = null;
        while (await rows.ReadAsync(cancellationToken))
        {
            reader ??= new FeatureRows(view, rows);
            found.TryAdd(view.IsGrouped ? reader.ReadUser() : userIds[0], reader.Read());
            if (!view.IsGrouped) break;
        }

        return found;
    });

    // A copy: a parameter belongs to one command, and where a connection had broken a second one asks.
    private static NpgsqlCommand Command(FeatureView view, NpgsqlConnection connection, NpgsqlParameter parameter) =>
        new(view.Options.Sql, connection) { Parameters = { parameter.Clone() } };

    private static NpgsqlParameter Parameter<T>(FeatureView view, NpgsqlDbType type, IReadOnlyList<T> ids) => view.IsGrouped
        ? new NpgsqlParameter("user_ids", NpgsqlDbType.Array | type) { Value = ids.ToArray() }
        : new NpgsqlParameter("user_id", type) { Value = ids[0] };

    private async Task WithinAsync<T>(FeatureView view, Func<NpgsqlConnection, CancellationToken, Task<T>> ask)
    {
        using var deadline = new CancellationTokenSource(view.Options.Timeout, time);
        try
        {
            await sources.AskAsync(view.Options.ConnectionString, view.Name, connection => ask(connection, deadline.Token), deadline.Token);
        }
        catch (Exception e) when (e is not FeatureDatabaseException)
        {
            throw new FeatureDatabaseException(deadline.IsCancellationRequested ? $"it took longer than Timeout = {view.Options.Timeout}" : Explain(e), e);
        }
    }

    /// <summary>What to tell of a failed query, without secrets.</summary>
    public static string Explain(Exception failure) => failure is PostgresException { SqlState: PostgresErrorCodes.UndefinedFunction }
        ? $"{PostgreSqlFaults.Reason(failure)}. Where user_id is compared, set UserIdType to what the column is: Number or Text"
        : PostgreSqlFaults.Reason(failure);
}
