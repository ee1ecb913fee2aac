using System.Collections.Concurrent;
using Npgsql;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Storage.Sql.PostgreSql;

namespace OrleansInference.Storage.Sql.Features;

/// <summary>One pool of connections for each database that feature views read, whichever views those are.</summary>
internal sealed class PostgreSqlFeatureSources : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<NpgsqlDataSource>> _sources = new(StringComparer.Ordinal);

    /// <summary>Asks on an open connection; once more where the pool gave one that had broken.</summary>
    /// <param name="connectionString">The database.</param>
    /// <param name="section">Where under <c>Inference:FeatureViews</c> it is set.</param>
    /// <param name="ask">Asks, and reads the whole answer.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FeatureDatabaseException">The connection string cannot be read.</exception>
    public async Task<T> AskAsync<T>(string connectionString, string section, Func<NpgsqlConnection, Task<T>> ask, CancellationToken cancellationToken)
    {
        var source = Of(connectionString, section);
        try
        {
            return await AskOnceAsync(source, ask, cancellationToken);
        }
        catch (Exception e) when (PostgreSqlFaults.IsBrokenConnection(e) && !cancellationToken.IsCancellationRequested)
        {
            source.Clear();
            return await AskOnceAsync(source, ask, cancellationToken);
        }
    }

    private NpgsqlDataSource Of(string connectionString, string section) =>
        _sources.GetOrAdd(connectionString, text => new Lazy<NpgsqlDataSource>(() => NpgsqlDataSource.Create(Complete(text, section)))).Value;

    /// <summary>A view's connection string with what the driver needs to be told.</summary>
    /// <exception cref="FeatureDatabaseException">It cannot be read.</exception>
    public static string Complete(string connectionString, string view)
    {
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString);
            if (string.IsNullOrEmpty(settings.Host)) throw new ArgumentException("it names no host");
            settings.ApplicationName ??= "orleans-inference";

            // Each query brings its own time-out; a server that is asked to stop and does not is left soon after.
            (settings.CommandTimeout, settings.CancellationTimeout) = (0, 500);
            if (settings.MaxAutoPrepare == 0) (settings.MaxAutoPrepare, settings.AutoPrepareMinUsages) = (64, 2);
            return settings.ConnectionString;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            // The reason may quote what was written, and that may be a password.
            throw new FeatureDatabaseException($"Inference:FeatureViews:{view}:ConnectionString cannot be read. Set it in the form Host=…;Port=5432;Database=…;Username=…;Password=….");
        }
    }

    private static async Task<T> AskOnceAsync<T>(NpgsqlDataSource source, Func<NpgsqlConnection, Task<T>> ask, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return await ask(connection);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var source in _sources.Values)
        {
            if (source.IsValueCreated) await source.Value.DisposeAsync();
        }
    }
}
