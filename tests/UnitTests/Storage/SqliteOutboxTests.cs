using OrleansInference.Grains.PostProcessing;

namespace UnitTests.Storage;

/// <summary>Which messages are due, on real files.</summary>
public sealed class SqliteOutboxTests
{
    [Fact]
    public async Task ReadDueAsync_SeveralOfOneUserAndTarget_GivesTheOldestOnly()
    {
        await using var storage = await StartWithMessagesAsync();

        Assert.Equal(["42-desk-1", "42-case-1", "43-desk-1"], await ReadDueAsync(storage));
    }

    [Fact]
    public async Task MarkDeliveredAsync_Oldest_MakesTheNextDue()
    {
        await using var storage = await StartWithMessagesAsync();

        await storage.Outbox.MarkDeliveredAsync(await FindAsync(storage, "42-desk-1"));

        Assert.Equal(["42-case-1", "42-desk-2", "43-desk-1"], await ReadDueAsync(storage));
        Assert.Equal([1L], storage.Read("SELECT attempt FROM outbox WHERE message_id = '42-desk-1'"));
    }

    [Fact]
    public async Task MarkFailedAsync_PutOff_HoldsBackTheLaterMessageToo()
    {
        await using var storage = await StartWithMessagesAsync();

        await storage.Outbox.MarkFailedAsync(await FindAsync(storage, "42-desk-1"), "refused", DateTimeOffset.UtcNow.AddHours(1));

        Assert.Equal(["42-case-1", "43-desk-1"], await ReadDueAsync(storage));
        Assert.Equal(["refused"], storage.Read("SELECT last_error FROM outbox WHERE message_id = '42-desk-1'"));
    }

    [Fact]
    public async Task MarkFailedAsync_WaitIsOver_IsDueAgainWithItsAttempts()
    {
        await using var storage = await StartWithMessagesAsync();

        await storage.Outbox.MarkFailedAsync(await FindAsync(storage, "42-desk-1"), "refused", DateTimeOffset.UtcNow.AddSeconds(-1));

        Assert.Equal(1, (await FindAsync(storage, "42-desk-1")).Attempt);
    }

    [Fact]
    public async Task MarkFailedAsync_NoNextAttempt_IsADeadLetterAndLetsTheNextGo()
    {
        await using var storage = await StartWithMessagesAsync();

        await storage.Outbox.MarkFailedAsync(await FindAsync(storage, "42-desk-1"), "refused", nextAttemptAt: null);

        Assert.Equal(["42-case-1", "42-desk-2", "43-desk-1"], await ReadDueAsync(storage));
        Assert.Equal([2L], storage.Read("SELECT state FROM outbox WHERE message_id = '42-desk-1'"));
    }

    [Fact]
    public async Task WaitAsync_MessageWasCommitted_EndsAtOnce()
    {
        await using var storage = await StorageFixture.StartAsync();
        var wait = storage.Outbox.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.False(wait.IsCompleted);

        await storage.AppendAsync(StorageFixture.Record("-!42", 1, StorageFixture.Message("a")));

        await wait.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    private static async Task<StorageFixture> StartWithMessagesAsync()
    {
        var storage = await StorageFixture.StartAsync();
        await storage.AppendAsync(StorageFixture.Record("-!42", 1, StorageFixture.Message("42-desk-1"), StorageFixture.Message("42-case-1", "case")));
        await storage.AppendAsync(StorageFixture.Record("-!42", 2, StorageFixture.Message("42-desk-2")));
        await storage.AppendAsync(StorageFixture.Record("-!43", 1, StorageFixture.Message("43-desk-1")));
        return storage;
    }

    private static async Task<WaitingMessage> FindAsync(StorageFixture storage, string id) =>
        (await storage.Outbox.ReadDueAsync(100, TestContext.Current.CancellationToken)).Single(message => message.Message.Id == id);

    private static async Task<IEnumerable<string>> ReadDueAsync(StorageFixture storage) =>
        (await storage.Outbox.ReadDueAsync(100, TestContext.Current.CancellationToken)).Select(message => message.Message.Id);
}
