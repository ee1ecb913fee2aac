using System.Globalization;
using IntegrationTests.Infrastructure;
using Npgsql;

namespace IntegrationTests.Cluster;

/// <summary>The cluster's PostgreSQL, asked and held up behind the silos' backs.</summary>
internal sealed class ClusterDatabase(string connectionString)
{
    // Without a pool, which would remember connections of before the server was stopped.
    private readonly string _connectionString = $"{connectionString};Pooling=false";

    /// <summary>Until the answer is disposed, every record waits in the middle of its commit; what is there can be read.</summary>
    public async Task<IAsyncDisposable> HoldRecordsAsync()
    {
        var connection = new NpgsqlConnection(_connectionString);
        await connection.OpenAsync();
        var transaction = await connection.BeginTransactionAsync();
        await using var hold = new NpgsqlCommand("LOCK TABLE predictions IN SHARE MODE", connection, transaction);
        await hold.ExecuteNonQueryAsync();
        // Closing it ends the transaction.
        return connection;
    }

    /// <summary>How many rows a condition holds for.</summary>
    public async Task<long> CountAsync(string fromWhere)
    {
        await using var connection = new NpgsqlConnection(_connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"SELECT count(*) FROM {fromWhere}", connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    /// <summary>Waits until a condition holds for no row.</summary>
    public Task WaitForNoneAsync(string fromWhere) => Eventually.TrueAsync(async () => await CountAsync(fromWhere) == 0);
}
