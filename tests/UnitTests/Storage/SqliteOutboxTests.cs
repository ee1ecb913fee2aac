using OrleansInference.Grains.PostProcessing;
using UnitTests.Fakes;
using static UnitTests.Storage.StorageBuilder;

namespace UnitTests.Storage;

public sealed class SqliteOutboxTests
{
    [Fact]
    public async Task ReadDueAsync_WaitingMessage_IsAsItWasWritten()
    {
        await using var storage = await StoreAsync(("-!42", Message("a")));

        var waiting = Assert.Single(await ReadAsync(storage));

        Assert.Equal(("a", "alert", "fraud-desk", "{}", 0), (waiting.Message.Id, waiting.Message.Kind, waiting.Message.Target, System.Text.Encoding.UTF8.GetString(waiting.Message.Payload), waiting.Attempt));
    }

    [Fact]
    public async Task ReadDueAsync_LaterMessageOfTheSameUserAndTarget_WaitsForTheEarlier()
    {
        await using var storage = await StoreAsync(("-!42", Message("first")), ("-!42", Message("second")));

        AssertIds(await ReadAsync(storage), "first");
    }

    [Fact]
    public async Task ReadDueAsync_OtherUserOrTarget_DoesNotWait()
    {
        await using var storage = await StoreAsync(("-!42", Message("a")), ("-!43", Message("b")), ("-!42", Message("c", "case-review")));

        AssertIds(await ReadAsync(storage), "a", "b", "c");
    }

    [Fact]
    public async Task ReadDueAsync_MoreThanAsked_AreTheOldest()
    {
        await using var storage = await StoreAsync(("-!1", Message("a")), ("-!2", Message("b")), ("-!3", Message("c")));

        AssertIds(await storage.Outbox.ReadDueAsync(2, CancellationToken.None), "a", "b");
    }

    [Fact]
    public async Task MarkDeliveredAsync_FirstMessage_TheNextComes()
    {
        await using var storage = await StoreAsync(("-!42", Message("first")), ("-!42", Message("second")));

        await storage.Outbox.MarkDeliveredAsync((await ReadAsync(storage))[0]);

        AssertIds(await ReadAsync(storage), "second");
        Assert.Equal("1 1 1775044800000", storage.Scalar<string>("SELECT concat_ws(' ', state, attempt, settled_at) FROM outbox WHERE message_id = 'first'"));
    }

    [Fact]
    public async Task MarkFailedAsync_NotDueAgain_HoldsBackTheLaterToo()
    {
        await using var storage = await StoreAsync(("-!42", Message("first")), ("-!42", Message("second")));

        await storage.Outbox.MarkFailedAsync((await ReadAsync(storage))[0], "refused", storage.Time.GetUtcNow().AddSeconds(1));

        Assert.Empty(await ReadAsync(storage));
    }

    [Fact]
    public async Task MarkFailedAsync_DueAgain_ComesWithItsAttempts()
    {
        await using var storage = await StoreAsync(("-!42", Message("first")));
        await storage.Outbox.MarkFailedAsync((await ReadAsync(storage))[0], "refused", storage.Time.GetUtcNow().AddSeconds(1));

        storage.Time.Advance(TimeSpan.FromSeconds(1));

        var waiting = Assert.Single(await ReadAsync(storage));
        Assert.Equal(("first", 1), (waiting.Message.Id, waiting.Attempt));
        Assert.Equal("refused", storage.Scalar<string>("SELECT last_error FROM outbox"));
    }

    [Fact]
    public async Task MarkFailedAsync_ForGood_IsADeadLetterThatFreesTheNext()
    {
        await using var storage = await StoreAsync(("-!42", Message("first")), ("-!42", Message("second")));

        await storage.Outbox.MarkFailedAsync((await ReadAsync(storage))[0], "gone", nextAttemptAt: null);

        AssertIds(await ReadAsync(storage), "second");
        Assert.Equal("2 1 1775044800000 gone", storage.Scalar<string>("SELECT concat_ws(' ', state, attempt, settled_at, last_error) FROM outbox WHERE message_id = 'first'"));
    }

    [Fact]
    public async Task WaitAsync_SignalledTwiceBefore_CompletesOnce()
    {
        await using var storage = new StorageBuilder();
        storage.Outbox.Signal();
        storage.Outbox.Signal();

        await storage.Outbox.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        Assert.False(storage.Outbox.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken).IsCompleted);
    }

    private static async Task<StorageBuilder> StoreAsync(params (string User, OutboxMessage Message)[] messages)
    {
        var storage = await new StorageBuilder().StartAsync();
        for (var i = 0; i < messages.Length; i++) await storage.AppendAsync(storage.Record(messages[i].User, i + 1, messages[i].Message));
        return storage;
    }

    private static Task<IReadOnlyList<WaitingMessage>> ReadAsync(StorageBuilder storage) => storage.Outbox.ReadDueAsync(10, CancellationToken.None);

    private static void AssertIds(IReadOnlyList<WaitingMessage> messages, params string[] ids) => Assert.Equal(ids, messages.Select(waiting => waiting.Message.Id));
}
