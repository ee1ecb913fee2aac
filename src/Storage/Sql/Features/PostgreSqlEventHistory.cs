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
        using var deadline = new CancellationTokenSource(history.Timeout, time);
        try
        {
            return await QueryAsync(view, userId, since, until, deadline.Token);
        }
        catch (Exception e) when (e is not InferenceException)
        {
            var reason = deadline.IsCancellationRequested ? $"it took longer than Timeout = {history.Timeout}" : e is InvalidOperationException ? e.Message : PostgreSqlFeatureDatabase.Explain(e);
            throw new InferenceException(InferenceErrorCode.StorageUnavailable, $"The history of feature view {view.Name} could not be read: {reason}", RetryAfter);
        }
    }

    private async Task<IReadOnlyList<WindowEvent>> QueryAsync(WindowView view, string userId, DateTimeOffset since, DateTimeOffset until, CancellationToken cancellationToken)
    {
        await using var connection = await sources.Of(view.Options.History!.ConnectionString, $"{view.Name}:History").OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(view.Options.History.Sql, connection);
        command.Parameters.AddWithValue("user_id", UserIds.ToParameter(userId, view.Options.History.UserIdType));
        command.Parameters.AddWithValue("since", RequestContract.ToSeconds(since));
        command.Parameters.AddWithValue("until", RequestContract.ToSeconds(until));
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var reader = new EventRows(view, rows);
        var events = new List<WindowEvent>();
        while (await rows.ReadAsync(cancellationToken)) events.Add(reader.Read());
        return events;
    }
}
