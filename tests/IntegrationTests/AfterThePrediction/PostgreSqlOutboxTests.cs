using System.Globalization;
using IntegrationTests.Infrastructure;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using OrleansInference.Grains.PostProcessing.Outbox;
using OrleansInference.Storage.Sql;
using OrleansInference.Storage.Sql.PostgreSql;

namespace IntegrationTests.AfterThePrediction;

/// <summary>Claims where several can write: none is shared, none is forgotten.</summary>
public sealed class PostgreSqlOutboxTests(PostgresTestServer postgres) : IAsyncLifetime
{
    private const int Users = 20;
    private const int EachUser = 20;

    private PostgreSqlDatabase? _database;
    private NpgsqlDataSource? _source;
    private SqlOutbox? _outbox;

    private SqlOutbox Outbox => _outbox!;

    public async ValueTask InitializeAsync()
    {
        var options = Options.Create(new PostgreSqlOptions { ConnectionString = await postgres.CreateDatabaseAsync() });
        await new PostgreSqlMigrations(options, TimeProvider.System, NullLogger<PostgreSqlMigrations>.Instance).RunAsync(TestContext.Current.CancellationToken);
        _database = new PostgreSqlDatabase(options);
        _source = NpgsqlDataSource.Create(options.Value.ConnectionString);
        _outbox = new SqlOutbox(_database, new OutboxSignal(), TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        if (_source is not null) await _source.DisposeAsync();
        if (_database is not null) await _database.DisposeAsync();
    }

    // What settled the first could not see the second, and what claims cannot see that the first is settled.
    [Fact]
    public async Task ClaimAsync_WrittenWhileItsHeadIsBeingSettled_IsDueAfterwards()
    {
        await InsertAsync("first", user: 1);
        await using var settling = await _source!.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await settling.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var settle = new NpgsqlCommand("UPDATE outbox SET state = 1, settled_at = 0 WHERE message_id = 'first'", settling)) await settle.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await InsertAsync("second", user: 1);

        Assert.Empty(await ClaimAsync("me", most: 10));
        await transaction.CommitAsync(TestContext.Current.CancellationToken);

        Assert.Equal("second", Assert.Single(await ClaimAsync("me", most: 10)).Message.Id);
    }

    [Fact]
    public async Task ClaimAsync_FourOwnersWhileMessagesAreWritten_DeliverEachOnceInTheOrderOfItsLane()
    {
        var delivered = new List<string>();
        await Task.WhenAll(WriteAllAsync(), DeliverAllAsync("a"), DeliverAllAsync("b"), DeliverAllAsync("c"), DeliverAllAsync("d"));

        Assert.Equal(Users * EachUser, delivered.Distinct().Count());
        Assert.Equal(delivered.Distinct().Count(), delivered.Count);
        foreach (var lane in delivered.GroupBy(id => id[..2])) Assert.Equal(lane.Order(), lane);

        async Task WriteAllAsync()
        {
            for (var i = 0; i < EachUser; i++)
            {
                for (var user = 0; user < Users; user++) await InsertAsync($"{user:00}-{i:00}", user);
            }
        }

        async Task DeliverAllAsync(string owner)
        {
            await Eventually.TrueAsync(async () =>
            {
                foreach (var claimed in await ClaimAsync(owner, most: 4))
                {
                    lock (delivered) delivered.Add(claimed.Message.Id);
                    Assert.True(await Outbox.AcknowledgeAsync(claimed, TestContext.Current.CancellationToken));
                }

                lock (delivered) return delivered.Count >= Users * EachUser;
            });
        }
    }

    private Task<IReadOnlyList<ClaimedMessage>> ClaimAsync(string owner, int most) =>
        Outbox.ClaimAsync("desk", owner, TimeSpan.FromMinutes(5), most, TestContext.Current.CancellationToken);

    private async Task InsertAsync(string id, int user)
    {
        await using var insert = _source!.CreateCommand(
            """
            INSERT INTO outbox (message_id, prediction_id, "user", kind, target, payload, created_at, next_attempt_at)
            VALUES (@id, gen_random_uuid(), @user, 'alert', 'desk', '\x7b7d', 0, 0)
            """);
        insert.Parameters.AddWithValue("id", id);
        insert.Parameters.AddWithValue("user", user.ToString(CultureInfo.InvariantCulture));
        await insert.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
