using Npgsql;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Windows;

namespace OrleansInference.Storage.Sql.Features;

/// <summary>Past events in PostgreSQL. Asynchronous throughout.</summary>
internal sealed class PostgreSqlEventHistory(PostgreSqlFeatureSources sources, TimeProvider time) : IEventHistory
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    public async Task<IReadOnlyList<WindowEvent>> ReadAsync(WindowView view, string userId, DateTimeOffset since, DateTimeOffset until)
    {
        var history = view.Options.History!;

        // Text in PostgreSQL has no NUL, so such a user has no past in it.
        if (UserIds.ToParameter(userId, history.UserIdType) is not { } id || id is string text && text.Contains('\0')) return [];
        using var deadline = new CancellationTokenSource(history.Timeout, time);
        try
        {
            return await sources.AskAsync(history.ConnectionString, $"{view.Name}:History", connection => QueryAsync(connection, view, id, since, until, deadline.Token), deadline.Token);
        }
        catch (Exception e) when (e is not InferenceException)
        {
            var reason = deadline.IsCancellationRequested ? $"it took longer than Timeout = {history.Timeout}" : e is InvalidOperationException ? e.Message : PostgreSqlFeatureDatabase.Explain(e);
            throw new InferenceException(InferenceErrorCode.StorageUnavailable, $"The history of feature view {view.Name} could not be read: {reason}", RetryAfter);
        }
    }

    private static async Task<IReadOnlyList<WindowEvent>> QueryAsync(
        NpgsqlConnection connection, WindowView view, object userId, DateTimeOffset since, DateTimeOffset until, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(view.Options.History!.Sql, connection);
        command.Parameters.AddWithValue("user_id", userId);
        command.Parameters.AddWithValue("since", RequestContract.ToSeconds(since));
        command.Parameters.AddWithValue("until", RequestContract.ToSeconds(until));
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var reader = new EventRows(view, rows);
        var events = new List<WindowEvent>();
        while (await rows.ReadAsync(cancellationToken)) events.Add(reader.Read());
        return events;
    }
}
