using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using OrleansInference.Grains;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;

namespace OrleansInference.Storage.Sql;

/// <summary>Feature views over SQLite.</summary>
internal sealed class SqliteFeatureDatabase(SqliteReaders readers, IOptions<InferenceOptions> options) : IFeatureDatabase
{
    public async Task<FeatureValue[]?> QueryAsync(FeatureView view, string userId)
    {
        try
        {
            return await readers.ReadAsync(Resolve(view.Options.ConnectionString, options.Value.DataDirectory), connection => Query(connection, view, userId), view.Options.Timeout);
        }
        catch (Exception e) when (e is InferenceException or InvalidOperationException)
        {
            // InvalidOperationException is the driver's answer to a query with a parameter that we do not give.
            throw new FeatureDatabaseException(e.Message, e);
        }
    }

    /// <summary>The connection string with its file under the data directory, where it is not an absolute path.</summary>
    public static string Resolve(string connectionString, string dataDirectory)
    {
        var settings = new SqliteConnectionStringBuilder(connectionString);
        settings.DataSource = Path.Combine(dataDirectory, settings.DataSource);
        return settings.ConnectionString;
    }

    private static FeatureValue[]? Query(ReaderConnection connection, FeatureView view, string userId)
    {
        var command = connection.Prepared(view.Options.Sql);
        command.Parameters.Clear();
        command.Parameters.AddWithValue("@user_id", ToParameter(userId));
        using var row = command.ExecuteReader();
        if (!row.Read()) return null;

        var values = new FeatureValue[view.Columns.Count];
        for (var i = 0; i < values.Length; i++) values[i] = Read(row, view, view.Columns[i]);
        return values;
    }

    // "042" is another user than 42: only the canonical form of an integer may compare as one.
    public static object ToParameter(string userId) =>
        long.TryParse(userId, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        && number.ToString(CultureInfo.InvariantCulture) == userId ? number : userId;

    private static FeatureValue Read(SqliteDataReader row, FeatureView view, FeatureColumn column)
    {
        var value = row.GetValue(Ordinal(row, view, column));
        return (value, column.Type) switch
        {
            (DBNull, _) => FeatureValue.Missing,
            (long number, FeatureType.Number) => FeatureValue.Of(number),
            (double number, FeatureType.Number) when double.IsFinite(number) => FeatureValue.Of(number),
            (string text, FeatureType.Text) => FeatureValue.Of(text),
            _ => throw new FeatureDatabaseException($"column '{column.SourceName}' of view {view.Name} gave {value.GetType().Name} '{value}', but is declared as {column.Type}"),
        };
    }

    private static int Ordinal(SqliteDataReader row, FeatureView view, FeatureColumn column)
    {
        for (var i = 0; i < row.FieldCount; i++)
        {
            if (row.GetName(i) == column.SourceName) return i;
        }

        throw new FeatureDatabaseException($"the query of view {view.Name} gives no column '{column.SourceName}'");
    }
}
