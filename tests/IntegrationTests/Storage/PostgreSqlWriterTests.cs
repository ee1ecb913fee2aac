using System.Globalization;
using System.Net;
using IntegrationTests.AfterThePrediction;
using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OrleansInference;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace IntegrationTests.Storage;

/// <summary>PostgreSQL's writer where an answer is lost, the queue is full or a caller's time is over.</summary>
public sealed class PostgreSqlWriterTests(PostgresTestServer postgres)
{
    private const string Insert = "INSERT INTO predictions";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Append_AnswerLostAfterTheCommit_IsAppendedOnceWithItsMessage()
    {
        await using var proxy = new LossyProxy(await postgres.CreateDatabaseAsync());
        await using var stores = await StartAsync(proxy.ConnectionString);
        var record = Record("-!42", 1) with { IdempotencyKey = "k" };
        proxy.Lose(Insert, times: 1);

        Assert.Equal(AppendOutcome.Appended, await AppendAsync(stores, record));

        Assert.Equal(1, proxy.Lost);
        Assert.Equal(record.Id, Assert.Single(await Log(stores).ReadLatestAsync("-!42", 10)).Id);
        Assert.Single(await stores.Services.GetRequiredService<IOutbox>().ClaimAsync("fraud-desk", "me", TimeSpan.FromMinutes(1), 10, Cancellation));
        Assert.False(record.Chain.IsBroken);
    }

    [Fact]
    public async Task Append_AnswerForAGroupLost_EachIsToldWhatBecameOfItsOwn()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var proxy = new LossyProxy(database);
        await using var stores = await StartAsync(proxy.ConnectionString);
        var (somebodys, others) = (Record("-!1", 1) with { IdempotencyKey = "k" }, Record("-!2", 1));
        await AppendAsync(stores, somebodys);
        await AppendAsync(stores, others);

        // What waits while one is under way is the next group.
        await using var held = await HoldAsync(database);
        var underWay = AppendAsync(stores, Record("-!0", 1));
        await held.WaitForWriterAsync();
        Task<AppendOutcome>[] group =
        [
            AppendAsync(stores, Record("-!1", 2) with { IdempotencyKey = "k" }),
            AppendAsync(stores, Record("-!2", 1)),
            AppendAsync(stores, Record("-!3", 1) with { Id = others.Id }),
            AppendAsync(stores, Record("-!4", 1)),
            AppendAsync(stores, Record("-!5", 1)),
        ];

        // By a user of the group: the statement is prepared by now, and no longer sent.
        proxy.Lose("-!5", times: 1);
        await held.LetGoAsync();

        Assert.Equal(AppendOutcome.Appended, await underWay);
        Assert.Equal([AppendOutcome.Repeated, AppendOutcome.Superseded, AppendOutcome.Repeated, AppendOutcome.Appended, AppendOutcome.Appended], await Task.WhenAll(group));
        Assert.Equal(1, proxy.Lost);
        Assert.Equal(5, await PostgreSqlTests.CountAsync(database, "SELECT count(*) FROM predictions"));
        Assert.Equal(5, await PostgreSqlTests.CountAsync(database, "SELECT count(*) FROM outbox"));
    }

    [Fact]
    public async Task Append_AnswerLostTwice_MayBeRecordedAndItsRepeatIsKnown()
    {
        await using var proxy = new LossyProxy(await postgres.CreateDatabaseAsync());
        await using var stores = await StartAsync(proxy.ConnectionString);
        var record = Record("-!42", 1);
        proxy.Lose(Insert, times: 2);

        var failure = await Assert.ThrowsAsync<InferenceException>(() => AppendAsync(stores, record));

        Assert.Equal((InferenceErrorCode.StorageUnavailable, TimeSpan.FromSeconds(1)), (failure.Code, failure.RetryAfter));
        Assert.EndsWith("It may have been recorded; a retry with the same prediction id or Idempotency-Key is safe.", failure.Message, StringComparison.Ordinal);
        Assert.Equal((2, true), (proxy.Lost, record.Chain.IsBroken));
        Assert.Equal(AppendOutcome.Repeated, await AppendAsync(stores, Record("-!42", 2) with { Id = record.Id }));
        Assert.Equal(record.Id, Assert.Single(await Log(stores).ReadLatestAsync("-!42", 10)).Id);
    }

    [Fact]
    public async Task Predict_AnswersLostOnceAndTwice_OneRecordForEachAndARepeatHasItsAnswer()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var proxy = new LossyProxy(database);
        await using var server = await PostgreSqlTests.StartAsync(proxy.ConnectionString);
        await server.Http.WarmUpAsync();
        var before = await PostgreSqlTests.CountAsync(database, "SELECT count(*) FROM predictions");

        proxy.Lose(Insert, times: 1);
        var once = await PredictAsync(server, "once");
        proxy.Lose(Insert, times: 2);
        var twice = await PredictAsync(server, "twice");
        var again = await PredictAsync(server, "twice");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (once.Status, twice.Status, again.Status));
        Assert.Equal(once.Body, (await PredictAsync(server, "once")).Body);
        Assert.Equal(again.Body, (await PredictAsync(server, "twice")).Body);
        Assert.Equal((3, before + 2), (proxy.Lost, await PostgreSqlTests.CountAsync(database, "SELECT count(*) FROM predictions")));
    }

    [Fact]
    public async Task Append_QueueFull_IsRefusedAtOnceNamingTheSetting()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var stores = await StartAsync(database, KeyValuePair.Create<string, string?>("Inference:PostgreSql:MaxWaitingWrites", "1"));
        await using var held = await HoldAsync(database);
        var underWay = AppendAsync(stores, Record("-!1", 1));
        await held.WaitForWriterAsync();
        var (waiting, refused) = (AppendAsync(stores, Record("-!2", 1)), Record("-!3", 1));

        var refusal = AppendAsync(stores, refused);

        // Nobody has let go of the table: it waited for nothing.
        Assert.True(refusal.IsFaulted);
        var failure = await Assert.ThrowsAsync<InferenceException>(() => refusal);
        Assert.Equal(
            (InferenceErrorCode.StorageUnavailable, "The prediction log did not take the record: its queue is full (Inference:PostgreSql:MaxWaitingWrites = 1). Nothing was recorded; a retry is safe.", TimeSpan.FromSeconds(1)),
            (failure.Code, failure.Message, failure.RetryAfter));
        Assert.True(refused.Chain.IsBroken);
        await held.LetGoAsync();
        Assert.Equal([AppendOutcome.Appended, AppendOutcome.Appended], await Task.WhenAll(underWay, waiting));
        Assert.Equal(AppendOutcome.Appended, await AppendAsync(stores, Record("-!3", 1)));
    }

    [Fact]
    public async Task Append_BudgetLapsesInTheQueue_IsNotBegunAndTakesItsChainAlong()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var stores = await StartAsync(database);
        await using var held = await HoldAsync(database);
        using var budget = new CancellationTokenSource();
        var underWay = AppendAsync(stores, Record("-!1", 1));
        await held.WaitForWriterAsync();
        var (lapsed, chain) = (Record("-!2", 1), new RecordChain());
        var waiting = Log(stores).AppendAsync(lapsed with { Chain = chain }, budget.Token);
        var built = AppendAsync(stores, Record("-!2", 2) with { Chain = chain });

        await budget.CancelAsync();
        var failure = await Assert.ThrowsAsync<InferenceException>(() => waiting);
        await held.LetGoAsync();

        Assert.Equal("The prediction log did not take the record: it did not come to the record within the time budget. Nothing was recorded; a retry is safe.", failure.Message);
        Assert.Equal([AppendOutcome.Appended, AppendOutcome.Broken], await Task.WhenAll(underWay, built));
        Assert.Equal(AppendOutcome.Appended, await AppendAsync(stores, Record("-!4", 1)));
        Assert.Null(await Log(stores).ReadAsync(lapsed.Id));
    }

    [Fact]
    public async Task Append_BudgetLapsesInTheCommit_TellsWhatBecameOfItAndKeepsTheChain()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var stores = await StartAsync(database);
        await using var held = await HoldAsync(database);
        using var budget = new CancellationTokenSource();
        var record = Record("-!1", 1);
        var underWay = Log(stores).AppendAsync(record, budget.Token);
        await held.WaitForWriterAsync();

        await budget.CancelAsync();
        Assert.False(underWay.IsCompleted);
        await held.LetGoAsync();

        Assert.Equal((AppendOutcome.Appended, false), (await underWay, record.Chain.IsBroken));
        Assert.NotNull(await Log(stores).ReadAsync(record.Id));
    }

    private static Task<LogStores> StartAsync(string database, params KeyValuePair<string, string?>[] settings) => LogStores.StartAsync(
        [
            new("Inference:Storage:Provider", "PostgreSql"), new("Inference:PostgreSql:ConnectionString", database),
            new("Inference:PostgreSql:CommandTimeout", "00:02:00"), .. settings,
        ]);

    private static async Task<HeldTable> HoldAsync(string database)
    {
        var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(Cancellation);
        var transaction = await connection.BeginTransactionAsync(Cancellation);
        await using var command = new NpgsqlCommand("LOCK TABLE predictions IN ACCESS EXCLUSIVE MODE", connection);
        await command.ExecuteNonQueryAsync(Cancellation);
        return new HeldTable(database, connection, transaction);
    }

    private static IPredictionLog Log(LogStores stores) => stores.Services.GetRequiredService<IPredictionLog>();

    private static Task<AppendOutcome> AppendAsync(LogStores stores, PredictionRecord record) => Log(stores).AppendAsync(record, CancellationToken.None);

    private static async Task<(HttpStatusCode Status, string Body)> PredictAsync(InProcessServer server, string key)
    {
        var (status, body) = await server.Http.PostJsonAsync("/predict", $$"""{"user_id": "{{key}}", "raw_feature": "3156", "amount": 20, "request_id": "{{key}}"}""");
        return (status, body.GetRawText());
    }

    private static PredictionRecord Record(string user, long sequence)
    {
        var schema = FeatureSchema.Of(["request.amount"]);
        var id = Guid.CreateVersion7();
        return new PredictionRecord
        {
            Id = id,
            User = user,
            Sequence = sequence,
            Model = "fraud",
            Version = 2,
            CreatedAt = new DateTimeOffset(2026, 4, 1, 12, 0, 0, TimeSpan.Zero),
            Schema = schema,
            Body = [1, .. BitConverter.GetBytes(schema.Id), 0, .. BitConverter.GetBytes(0.5), 0, 0],
            Messages = [new OutboxMessage(id.ToString("D", CultureInfo.InvariantCulture), "alert", "fraud-desk", [(byte)'{', (byte)'}'])],
        };
    }

    /// <summary>A table that nobody else can write until it is let go.</summary>
    private sealed class HeldTable(string database, NpgsqlConnection connection, NpgsqlTransaction transaction) : IAsyncDisposable
    {
        /// <summary>Completes when the writer stands before the table.</summary>
        public Task WaitForWriterAsync() => Eventually.TrueAsync(async () =>
            await PostgreSqlTests.CountAsync(database, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 1);

        public Task LetGoAsync() => transaction.RollbackAsync(Cancellation);

        public async ValueTask DisposeAsync()
        {
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
