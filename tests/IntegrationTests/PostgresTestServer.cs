using IntegrationTests;
using IntegrationTests.Infrastructure;

[assembly: AssemblyFixture(typeof(PostgresTestServer))]

namespace IntegrationTests;

/// <summary>One PostgreSQL for all tests that do not stop it, started when the first one asks; a database for each.</summary>
public sealed class PostgresTestServer : IAsyncDisposable
{
    private readonly Lazy<Task<PostgresServer>> _server = new(PostgresServer.StartNewAsync);

    /// <summary>A connection string for a database of the test's own.</summary>
    public async Task<string> CreateDatabaseAsync() => await (await _server.Value).CreateDatabaseAsync();

    public async ValueTask DisposeAsync()
    {
        if (_server.IsValueCreated) await (await _server.Value).DisposeAsync();
    }
}
