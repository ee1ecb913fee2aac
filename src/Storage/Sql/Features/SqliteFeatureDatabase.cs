using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using OrleansInference.Grains;
using OrleansInference.Grains.Features.Views;

namespace OrleansInference.Storage.Sql.Features;

/// <summary>Feature views over SQLite.</summary>
internal sealed class SqliteFeatureDatabase(SqliteReaders readers, IOptions<InferenceOptions> options) : IFeatureDatabase
{
    public Task<IReadOnlyDictionary<string, StoredRow>> QueryAsync(FeatureView view, IReadOnlyList<string> userIds)
    {
        var (numbers, texts) = UserIds.Split(userIds, view.Options.UserIdType);
        return numbers.Count + texts.Count == 0
            ? Task.FromResult<IReadOnlyDictionary<string, StoredRow>>(new Dictionary<string, StoredRow>())
            : ReadAsync<IReadOnlyDictionary<string, StoredRow>>(view, connection => view.IsGrouped ? QueryMany(connection, view, numbers, texts) : QueryOne(connection, view, userIds[0], numbers));
    }

    public Task CheckAsync(FeatureView view) => ReadAsync(view, connection =>
    {
        connection.Prepared(view.Options.Sql).Prepare();
        return true;
    });

    private async Task<T> ReadAsync<T>(FeatureView view, Func<ReaderConnection, T> read)
    {
        try
        {
            var settings = Resolve(view.Options.ConnectionString, options.Value.DataDirectory);
            return await readers.ReadAsync(settings.ConnectionString, read, view.Options.Timeout);
        }
        catch (Exception e) when (e is InferenceException or InvalidOperationException or ArgumentException)
        {
            // InvalidOperationException is the driver's answer to a query with a parameter that we do not give.
            throw new FeatureDatabaseException(e.Message, e);
        }
    }

    /// <summary>The connection string with its file under the data directory, where it is not an absolute path.</summary>
    public static SqliteConnectionStringBuilder Resolve(string connectionString, string dataDirectory)
    {
        var settings = new SqliteConnectionStringBuilder(connectionString);
        settings.DataSource = Path.Combine(dataDirectory, settings.DataSource);
        return settings;
    }

    private static Dictionary<string, StoredRow> QueryOne(ReaderConnection connection, FeatureView view, string userId, IReadOnlyList<long> numbers)
    {
        using var rows = Execute(connection, view, "@user_id", numbers.Count > 0 ? numbers[0] : userId);
        var reader = rows.Read() ? new FeatureRows(view, rows) : null;
        return reader is null ? [] : new() { [userId] = reader.Read() };
    }

    private static Dictionary<string, StoredRow> QueryMany(ReaderConnection connection, FeatureView view, IReadOnlyList<long> numbers, IReadOnlyList<string> texts)
    {
        var ids = JsonSerializer.Serialize(new JsonArray([.. numbers.Select(number => JsonValue.Create(number)), .. texts.Select(text => JsonValue.Create(text))]));
        var found = new Dictionary<string, StoredRow>();
        using var rows = Execute(connection, view, "@user_ids", ids);
        var reader = new FeatureRows(view, rows);
        while (rows.Read()) found.TryAdd(reader.ReadUser(), reader.Read());
        return found;
    }

    private static SqliteDataReader Execute(ReaderConnection connection, FeatureView view, string parameter, object value)
    {
        var command = connection.Prepared(view.Options.Sql);
        command.Parameters.Clear();
        command.Parameters.AddWithValue(parameter, value);
        return command.ExecuteReader();
    }
}
