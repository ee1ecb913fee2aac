using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using OrleansInference.Grains;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Windows;

namespace OrleansInference.Storage.Sql.Features;

/// <summary>Past events in SQLite.</summary>
internal sealed class SqliteEventHistory(SqliteReaders readers, IOptions<InferenceOptions> options) : IEventHistory
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    public async Task<IReadOnlyList<WindowEvent>> ReadAsync(WindowView view, string userId, DateTimeOffset since, DateTimeOffset until)
    {
        var history = view.Options.History!;
        if (UserIds.ToParameter(userId, history.UserIdType) is not { } id) return [];
        try
        {
            return await readers.ReadAsync(
                SqliteFeatureDatabase.Resolve(history.ConnectionString, options.Value.DataDirectory).ConnectionString, connection => Query(connection, view, id, since, until), history.Timeout);
        }
        catch (Exception e) when (e is InferenceException or InvalidOperationException or SqliteException)
        {
            // InvalidOperationException is the driver's answer to a query with a parameter that we do not give.
            throw new InferenceException(InferenceErrorCode.StorageUnavailable, $"The history of feature view {view.Name} could not be read: {e.Message}", RetryAfter);
        }
    }

    private static List<WindowEvent> Query(ReaderConnection connection, WindowView view, object userId, DateTimeOffset since, DateTimeOffset until)
    {
        var command = connection.Prepared(view.Options.History!.Sql);
        command.Parameters.Clear();
        command.Parameters.AddWithValue("@user_id", userId);
        command.Parameters.AddWithValue("@since", RequestContract.ToSeconds(since));
        command.Parameters.AddWithValue("@until", RequestContract.ToSeconds(until));
        using var rows = command.ExecuteReader();
        var reader = new EventRows(view, rows);
        var events = new List<WindowEvent>();
        while (rows.Read()) events.Add(reader.Read());
        return events;
    }
}
