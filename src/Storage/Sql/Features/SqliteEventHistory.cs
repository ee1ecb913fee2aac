using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using OrleansInference.Grains;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Windows;

namespace OrleansInference.Storage.Sql.Features;

/// <summary>Past events in SQLite.</summary>
internal sealed class SqliteEventHistory(SqliteReaders readers, IOptions<InferenceOptions> options) : IEventHistory
{
    private const string TimeColumn = "at";

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    public async Task<IReadOnlyList<WindowEvent>> ReadAsync(WindowView view, string userId, DateTimeOffset since, DateTimeOffset until)
    {
        var history = view.Options.History!;
        try
        {
            return await readers.ReadAsync(
                SqliteFeatureDatabase.Resolve(history.ConnectionString, options.Value.DataDirectory).ConnectionString, connection => Query(connection, view, userId, since, until), history.Timeout);
        }
        catch (Exception e) when (e is InferenceException or InvalidOperationException or SqliteException)
        {
            // InvalidOperationException is the driver's answer to a query with a parameter that we do not give.
            throw new InferenceException(InferenceErrorCode.StorageUnavailable, $"The history of feature view {view.Name} could not be read: {e.Message}", RetryAfter);
        }
    }

    private static List<WindowEvent> Query(ReaderConnection connection, WindowView view, string userId, DateTimeOffset since, DateTimeOffset until)
    {
        var command = connection.Prepared(view.Options.History!.Sql);
        command.Parameters.Clear();
        command.Parameters.AddWithValue("@user_id", (object?)UserIds.ToNumber(userId) ?? userId);
        command.Parameters.AddWithValue("@since", ToSeconds(since));
        command.Parameters.AddWithValue("@until", ToSeconds(until));
        using var rows = command.ExecuteReader();
        var time = Ordinal(rows, view, TimeColumn);
        var fields = view.Fields.Select(field => Ordinal(rows, view, field)).ToArray();
        var events = new List<WindowEvent>();
        while (rows.Read()) events.Add(new WindowEvent(ToTicks(rows.GetValue(time), view), [.. fields.Select(field => ToNumber(rows.GetValue(field), rows.GetName(field), view))]));
        return events;
    }

    private static int Ordinal(SqliteDataReader rows, WindowView view, string column)
    {
        for (var i = 0; i < rows.FieldCount; i++)
        {
            if (rows.GetName(i) == column) return i;
        }

        throw new InvalidOperationException($"Inference:FeatureViews:{view.Name}:History:Sql gives no column '{column}'. Name one with AS {column}.");
    }

    private static double ToSeconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / (double)TimeSpan.TicksPerSecond;

    private static long ToTicks(object time, WindowView view) => time switch
    {
        long seconds => DateTimeOffset.FromUnixTimeSeconds(seconds).UtcTicks,
        double seconds when double.IsFinite(seconds) => DateTimeOffset.UnixEpoch.UtcTicks + (long)Math.Round(seconds * TimeSpan.TicksPerSecond),
        _ => throw Wrong(view, TimeColumn, time),
    };

    private static double ToNumber(object value, string column, WindowView view) => value switch
    {
        long number => number,
        double number when double.IsFinite(number) => number,
        string text when view.OnlyDistinct(column) => WindowEvent.Hash(text),
        DBNull => double.NaN,
        _ => throw Wrong(view, column, value),
    };

    private static InvalidOperationException Wrong(WindowView view, string column, object value) =>
        new($"column '{column}' of the history of view {view.Name} gave {value.GetType().Name} '{value}', which is no number.");
}
