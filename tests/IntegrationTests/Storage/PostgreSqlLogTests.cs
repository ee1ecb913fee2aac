using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using OrleansInference.Grains;
using OrleansInference.Storage.Sql.PostgreSql;

namespace IntegrationTests.Storage;

/// <summary>The prediction log in PostgreSQL.</summary>
public sealed class PostgreSqlLogTests(PostgresTestServer server) : LogConformanceTests
{
    internal override async Task<LogStores> StartAsync() => await LogStores.StartAsync(
        new("Inference:Storage:Provider", "PostgreSql"), new("Inference:PostgreSql:ConnectionString", await server.CreateDatabaseAsync()));

    [Theory]
    [InlineData("fsync", "on")]
    [InlineData("synchronous_commit", "on")]
    public async Task Server_OfTheTests_MakesCommitsSafe(string setting, string expected)
    {
        await using var connection = new NpgsqlConnection(await server.CreateDatabaseAsync());
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand($"SHOW {setting}", connection);

        Assert.Equal(expected, await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Migrations_FourProcessesAtOnce_RunOnce()
    {
        var options = Options.Create(new PostgreSqlOptions { ConnectionString = await server.CreateDatabaseAsync() });

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
            new PostgreSqlMigrations(options, TimeProvider.System, NullLogger<PostgreSqlMigrations>.Instance).RunAsync(TestContext.Current.CancellationToken))));

        await using var connection = new NpgsqlConnection(options.Value.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("SELECT count(*) = count(DISTINCT scriptname) AND count(*) > 0 FROM schemaversions", connection);
        Assert.Equal(true, await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Migrations_WrongPassword_AreRefusedWithoutTellingIt()
    {
        var settings = new NpgsqlConnectionStringBuilder(await server.CreateDatabaseAsync()) { Password = "wrong-9c1d" };
        var options = Options.Create(new PostgreSqlOptions { ConnectionString = settings.ConnectionString });

        var fault = await Assert.ThrowsAsync<InferenceStartupException>(() =>
            new PostgreSqlMigrations(options, TimeProvider.System, NullLogger<PostgreSqlMigrations>.Instance).RunAsync(TestContext.Current.CancellationToken));

        Assert.Contains("Inference:PostgreSql:ConnectionString", fault.Message, StringComparison.Ordinal);
        Assert.Contains("password authentication failed", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-9c1d", fault.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host=localhost;Pasword=secret-5b2e")]
    [InlineData("secret-5b2e")]
    [InlineData("Database=x;Password=secret-5b2e")]
    public void ConnectionString_Unreadable_IsRefusedWithoutTellingIt(string text)
    {
        var fault = Assert.Throws<InferenceStartupException>(() => PostgreSqlDatabase.Complete(new PostgreSqlOptions { ConnectionString = text }));

        Assert.StartsWith("Inference:PostgreSql:ConnectionString cannot be read.", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-5b2e", fault.ToString(), StringComparison.Ordinal);
    }
}
