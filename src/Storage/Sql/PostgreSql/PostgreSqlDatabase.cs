using Microsoft.Extensions.Options;
using Npgsql;
using OrleansInference.Grains;

namespace OrleansInference.Storage.Sql.PostgreSql;

/// <summary>PostgreSQL to the stores. Asynchronous throughout; a connection for each read or transaction, from a pool.</summary>
internal sealed class PostgreSqlDatabase : SqlDatabase, IAsyncDisposable
{
    private const string Setting = "Inference:PostgreSql:ConnectionString";

    private readonly NpgsqlDataSource _source;

    public PostgreSqlDatabase(IOptions<PostgreSqlOptions> options) => _source = NpgsqlDataSource.Create(Complete(options.Value));

    /// <exception cref="InferenceStartupException">The connection string cannot be read.</exception>
    public static string Complete(PostgreSqlOptions options)
    {
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(options.ConnectionString);
            if (string.IsNullOrEmpty(settings.Host)) throw new ArgumentException("it names no host");
            settings.Timeout = (int)Math.Ceiling(options.ConnectTimeout.TotalSeconds);
            settings.CommandTimeout = (int)Math.Ceiling(options.CommandTimeout.TotalSeconds);
            settings.ApplicationName ??= "orleans-inference";

            // What is asked again and again is prepared once for each connection.
            if (settings.MaxAutoPrepare == 0) (settings.MaxAutoPrepare, settings.AutoPrepareMinUsages) = (64, 2);
            return settings.ConnectionString;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            // The reason may quote what was written, and that may be a password.
            throw new InferenceStartupException($"{Setting} cannot be read. Set it in the form Host=…;Port=5432;Database=…;Username=…;Password=….");
        }
    }

    /// <summary>An open connection.</summary>
    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => _source.OpenConnectionAsync(cancellationToken);

    /// <summary>Lets go of all pooled connections: after one has broken, the others most likely have too.</summary>
    public void ForgetConnections() => _source.Clear();

    public override async Task<T> ReadAsync<T>(Func<SqlSession, ValueTask<T>> read, CancellationToken cancellationToken = default)
    {
        try
        {
            return await TryReadAsync(read, cancellationToken);
        }
        catch (Exception e) when (PostgreSqlFaults.IsUnavailable(e))
        {
            throw PostgreSqlFaults.Unavailable(e);
        }
    }

    public override async Task<T> WriteAsync<T>(Func<SqlSession, ValueTask<T>> write, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var connection = await OpenAsync(cancellationToken);

            // BEGIN travels with the first statement.
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var answer = await write(new PostgreSqlSession(connection));
            await transaction.CommitAsync(cancellationToken);
            return answer;
        }
        catch (Exception e) when (PostgreSqlFaults.IsUnavailable(e))
        {
            throw PostgreSqlFaults.Unavailable(e);
        }
    }

    // Once more where the pool gave a connection that had broken: a read may be repeated.
    private async Task<T> TryReadAsync<T>(Func<SqlSession, ValueTask<T>> read, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadOnceAsync(read, cancellationToken);
        }
        catch (Exception e) when (PostgreSqlFaults.IsBrokenConnection(e))
        {
            ForgetConnections();
            return await ReadOnceAsync(read, cancellationToken);
        }
    }

    private async Task<T> ReadOnceAsync<T>(Func<SqlSession, ValueTask<T>> read, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        return await read(new PostgreSqlSession(connection));
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
