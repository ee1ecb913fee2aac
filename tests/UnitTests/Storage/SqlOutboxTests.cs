using System.Text;
using OrleansInference.Grains.PostProcessing.Outbox;
using OrleansInference.Storage.Sql;
using UnitTests.Fakes;
using static UnitTests.Storage.StorageBuilder;

namespace UnitTests.Storage;

public sealed class SqlOutboxTests
{
    private const string Desk = "fraud-desk";

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(35);

    [Fact]
    public async Task ClaimAsync_WaitingMessage_IsAsItWasWritten()
    {
        await using var storage = await StoreAsync(("-!42", Message("a") with { Rule = "fraud/alert-desk" }));

        var claimed = Assert.Single(await ClaimAsync(storage));

        Assert.Equal(
            ("a", "alert", Desk, "{}", "fraud/alert-desk"),
            (claimed.Message.Id, claimed.Message.Kind, claimed.Message.Target, Encoding.UTF8.GetString(claimed.Message.Payload), claimed.Message.Rule));
        Assert.Equal(("-!42", "me", 1, storage.Time.GetUtcNow() + Lease, false), (claimed.User, claimed.Owner, claimed.Attempt, claimed.LeaseUntil, claimed.Resent));
    }

    [Fact]
    public async Task ClaimAsync_LaterMessageOfTheSameUserAndTarget_WaitsForTheEarlier()
    {
        await using var storage = await StoreAsync(("-!42", Message("first")), ("-!42", Message("second")));

        AssertIds(await ClaimAsync(storage), "first");
        AssertIds(await ClaimAsync(storage));
    }

    [Fact]
    public async Task ClaimAsync_OtherUserOrTarget_DoesNotWait()
    {
        await using var storage = await StoreAsync(("-!42", Message("a")), ("-!43", Message("b")), ("-!42", Message("c", "case-review")));

        AssertIds(await ClaimAsync(storage), "a", "b");
        AssertIds(await ClaimAsync(storage, target: "case-review"), "c");
    }

    [Fact]
    public async Task ClaimAsync_MoreThanAsked_AreTheOldest()
    {
        await using var storage = await StoreAsync(("-!1", Message("a")), ("-!2", Message("b")), ("-!3", Message("c")));

        AssertIds(await ClaimAsync(storage, most: 2), "a", "b");
        AssertIds(await ClaimAsync(storage, most: 2), "c");
    }

    [Fact]
    public async Task ClaimAsync_MoreThanOneLookShows_GoesOn()
    {
        var messages = Enumerable.Range(0, 3 * OutboxSql.Look).Select(i => (User: "-!42", Message($"{i:000}"))).Append(("-!43", Message("other")));
        await using var storage = await StoreAsync([.. messages]);

        AssertIds(await ClaimAsync(storage), "000", "other");
    }

    [Fact]
    public async Task ClaimAsync_ManyLanes_AsMuchAsAsked()
    {
        var ids = Enumerable.Range(0, 2 * OutboxSql.Look).Select(i => $"{i:000}").ToArray();
        await using var storage = await StoreAsync([.. ids.Select(id => ($"-!{id}", Message(id)))]);

        AssertIds(await ClaimAsync(storage, most: 50), ids[..50]);
    }

    [Fact]
    public async Task ClaimAsync_LeaseRuns_IsNobodyElses()
    {
        await using var storage = await StoreAsync(("-!42", Message("a")));
        await ClaimAsync(storage);
        storage.Time.Advance(Lease - TimeSpan.FromMilliseconds(1));

        AssertIds(await ClaimAsync(storage, owner: "another"));
    }

    [Fact]
    public async Task ClaimAsync_LeaseEnded_IsTheNextAttempt()
    {
        await using var storage = await StoreAsync(("-!42", Message("a")), ("-!42", Message("b")));
        await ClaimAsync(storage);
        storage.Time.Advance(Lease);

        var claimed = Assert.Single(await ClaimAsync(storage, owner: "another"));

        Assert.Equal(("a", "another", 2), (claimed.Message.Id, claimed.Owner, claimed.Attempt));
    }

    [Fact]
    public async Task AcknowledgeAsync_Delivered_TheNextComesAtOnce()
    {
        await using var storage = await StoreAsync(("-!42", Message("first")), ("-!42", Message("second")), ("-!42", Message("third")));

        Assert.True(await AcknowledgeAsync(storage, (await ClaimAsync(storage))[0]));

        AssertIds(await ClaimAsync(storage), "second");
        Assert.Equal("1 1 1775044800000 1", storage.Scalar<string>("SELECT concat_ws(' ', state, attempt, settled_at, lease_owner IS NULL) FROM outbox WHERE message_id = 'first'"));
    }

    [Fact]
    public async Task AcknowledgeAsync_AnotherHasClaimedSince_IsRefusedAndChangesNothing()
    {
        await using var storage = await StoreAsync(("-!42", Message("a")));
        var lost = (await ClaimAsync(storage))[0];
        storage.Time.Advance(Lease);
        var held = (await ClaimAsync(storage, owner: "another"))[0];

        Assert.False(await AcknowledgeAsync(storage, lost));
        Assert.False(await storage.Outbox.PutOffAsync(lost, "late", storage.Time.GetUtcNow(), TestContext.Current.CancellationToken));
        Assert.False(await storage.Outbox.BuryAsync(lost, "late", TestContext.Current.CancellationToken));

        Assert.Equal(0, storage.Scalar<long>("SELECT state FROM outbox"));
        Assert.True(await AcknowledgeAsync(storage, held));
    }

    [Fact]
    public async Task AcknowledgeAsync_Twice_IsRefused()
    {
        await using var storage = await StoreAsync(("-!42", Message("a")));
        var claimed = (await ClaimAsync(storage))[0];

        Assert.True(await AcknowledgeAsync(storage, claimed));
        Assert.False(await AcknowledgeAsync(storage, claimed));
    }

    [Fact]
    public async Task PutOffAsync_NotDueAgain_HoldsBackTheLaterToo()
    {
        await using var storage = await StoreAsync(("-!42", Message("first")), ("-!42", Message("second")));

        await PutOffAsync(storage, (await ClaimAsync(storage))[0]);

        AssertIds(await ClaimAsync(storage));
    }

    [Fact]
    public async Task PutOffAsync_DueAgain_ComesWithItsAttempts()
    {
        await using var storage = await StoreAsync(("-!42", Message("first")), ("-!42", Message("second")));
        await PutOffAsync(storage, (await ClaimAsync(storage))[0]);

        storage.Time.Advance(TimeSpan.FromSeconds(1));

        var claimed = Assert.Single(await ClaimAsync(storage));
        Assert.Equal(("first", 2), (claimed.Message.Id, claimed.Attempt));
        Assert.Equal("refused", storage.Scalar<string>("SELECT last_error FROM outbox WHERE message_id = 'first'"));
    }

    [Fact]
    public async Task BuryAsync_GivenUp_IsADeadLetterThatFreesTheNext()
    {
        await using var storage = await StoreAsync(("-!42", Message("first")), ("-!42", Message("second")));

        Assert.True(await storage.Outbox.BuryAsync((await ClaimAsync(storage))[0], "gone", TestContext.Current.CancellationToken));

        AssertIds(await ClaimAsync(storage), "second");
        Assert.Equal("2 1 1775044800000 gone", storage.Scalar<string>("SELECT concat_ws(' ', state, attempt, settled_at, last_error) FROM outbox WHERE message_id = 'first'"));
    }

    [Fact]
    public async Task ReleaseAsync_Owner_GivesBackItsOwnAndTheirAttempt()
    {
        await using var storage = await StoreAsync(("-!42", Message("a")), ("-!43", Message("b")));
        await ClaimAsync(storage, most: 1);
        await ClaimAsync(storage, owner: "another");

        Assert.Equal(1, await storage.Outbox.ReleaseAsync("me", TestContext.Current.CancellationToken));

        Assert.Equal(("a", 1), Assert.Single((await ClaimAsync(storage)).Select(claimed => (claimed.Message.Id, claimed.Attempt))));
    }

    [Fact]
    public async Task Start_ProcessBeforeWasKilled_LeavesNoLease()
    {
        await using var storage = await StoreAsync(("-!42", Message("a")));
        await ClaimAsync(storage, owner: "killed");

        await new SqliteOutboxStart(storage.Outbox).StartAsync(TestContext.Current.CancellationToken);

        AssertIds(await ClaimAsync(storage), "a");
    }

    [Fact]
    public async Task ClaimAsync_TwoOwnersAtOnce_NeverShareAMessageAndKeepEachLanesOrder()
    {
        const int users = 20, each = 10;
        var messages = Enumerable.Range(0, users * each).Select(i => (User: $"-!{i % users}", Message: Message($"{i % users:00}-{i / users:00}")));
        await using var storage = await StoreAsync([.. messages]);
        var delivered = new List<string>();

        await Task.WhenAll(DeliverAllAsync("one"), DeliverAllAsync("two"));

        Assert.Equal(users * each, delivered.Count);
        Assert.Equal(delivered.Order().Distinct(), delivered.Order());
        foreach (var lane in delivered.GroupBy(id => id[..2])) Assert.Equal(lane.Order(), lane);

        async Task DeliverAllAsync(string owner)
        {
            while (storage.Scalar<long>("SELECT count(*) FROM outbox WHERE state = 0") > 0)
            {
                foreach (var claimed in await ClaimAsync(storage, owner: owner, most: 3))
                {
                    lock (delivered) delivered.Add(claimed.Message.Id);
                    Assert.True(await AcknowledgeAsync(storage, claimed));
                }
            }
        }
    }

    [Fact]
    public async Task ResendAsync_DeadLetter_IsClaimedOutsideItsLane()
    {
        await using var storage = await StoreAsync(("-!42", Message("dead")), ("-!42", Message("second")), ("-!42", Message("third")));
        await storage.Outbox.BuryAsync((await ClaimAsync(storage))[0], "gone", TestContext.Current.CancellationToken);
        await ClaimAsync(storage);

        Assert.Equal(ResendOutcome.Due, await ResendAsync(storage, "dead"));

        var claimed = Assert.Single(await ClaimAsync(storage));
        Assert.Equal(("dead", true, 1), (claimed.Message.Id, claimed.Resent, claimed.Attempt));
    }

    [Fact]
    public async Task ResendAsync_NotDeliveredYet_HoldsUpNoOther()
    {
        await using var storage = await StoreAsync(("-!42", Message("dead")), ("-!42", Message("second")));
        await storage.Outbox.BuryAsync((await ClaimAsync(storage))[0], "gone", TestContext.Current.CancellationToken);
        await ResendAsync(storage, "dead");

        AssertIds([.. (await ClaimAsync(storage)).OrderBy(claimed => claimed.Position)], "dead", "second");
    }

    [Fact]
    public async Task ResendAsync_NoDeadLetter_SaysWhatItIs()
    {
        await using var storage = await StoreAsync(("-!42", Message("delivered")), ("-!43", Message("waiting")));
        await AcknowledgeAsync(storage, (await ClaimAsync(storage, most: 1))[0]);

        Assert.Equal(
            [ResendOutcome.Delivered, ResendOutcome.Waiting, ResendOutcome.Unknown],
            [await ResendAsync(storage, "delivered"), await ResendAsync(storage, "waiting"), await ResendAsync(storage, "none")]);
    }

    [Fact]
    public async Task ResendAsync_DeadLetter_WakesItsTarget()
    {
        await using var storage = await StoreAsync(("-!42", Message("dead")));
        await storage.Signal.WaitAsync(Desk, Gate.Patience, TimeProvider.System, TestContext.Current.CancellationToken);
        await storage.Outbox.BuryAsync((await ClaimAsync(storage))[0], "gone", TestContext.Current.CancellationToken);
        var woken = storage.Signal.WaitAsync(Desk, Gate.Patience, TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.False(woken.IsCompleted);

        await ResendAsync(storage, "dead");

        await woken;
    }

    [Fact]
    public async Task ListDeadAsync_Pages_AreTheLastFirst()
    {
        await using var storage = await StoreAsync([.. Enumerable.Range(0, 5).Select(i => ($"-!{i}", Message($"{i}", i == 2 ? "case-review" : Desk)))]);
        foreach (var claimed in (await ClaimAsync(storage)).Concat(await ClaimAsync(storage, target: "case-review")))
            await storage.Outbox.BuryAsync(claimed, "gone", TestContext.Current.CancellationToken);

        var first = await ListDeadAsync(storage, null, null, 2);

        Assert.Equal(["4", "3"], first.Select(letter => letter.MessageId));
        Assert.Equal(["2", "1", "0"], (await ListDeadAsync(storage, null, first[^1].Position, 10)).Select(letter => letter.MessageId));
        Assert.Equal(["4", "3", "1", "0"], (await ListDeadAsync(storage, Desk, null, 10)).Select(letter => letter.MessageId));
        var letter = Assert.Single(await ListDeadAsync(storage, "case-review", null, 10));
        Assert.Equal(("-!2", "alert", 1, "gone", storage.Time.GetUtcNow()), (letter.User, letter.Kind, letter.Attempts, letter.LastError, letter.DiedAt));
        Assert.NotEqual(Guid.Empty, letter.PredictionId);
    }

    [Fact]
    public async Task ReadLevelsAsync_WaitingAndDead_AreCountedByTarget()
    {
        await using var storage = await StoreAsync(("-!1", Message("a")), ("-!2", Message("b")), ("-!3", Message("c", "case-review")));
        await storage.Outbox.BuryAsync((await ClaimAsync(storage, target: "case-review"))[0], "gone", TestContext.Current.CancellationToken);

        Assert.Equal(
            [new OutboxLevel("case-review", 0, 1, null), new OutboxLevel(Desk, 2, 0, storage.Time.GetUtcNow())],
            await storage.Outbox.ReadLevelsAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ReadWaitingTargetsAsync_SomeSettled_AreThoseOfTheRest()
    {
        await using var storage = await StoreAsync(("-!1", Message("a", "x")), ("-!2", Message("b", "y")), ("-!3", Message("c", "z")), ("-!4", Message("d", "z")));
        await AcknowledgeAsync(storage, (await ClaimAsync(storage, target: "y"))[0]);

        Assert.Equal(["x", "z"], await storage.Outbox.ReadWaitingTargetsAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ReadLastRaisedAsync_User_HasTheLastOfEachRule()
    {
        await using var storage = await StoreAsync(("-!42", Message("a") with { Rule = "fraud/x" }), ("-!43", Message("b") with { Rule = "fraud/y" }), ("-!42", Message("c")));
        storage.Time.Advance(TimeSpan.FromMinutes(1));
        await storage.AppendAsync(storage.Record("-!42", 9, Message("d") with { Rule = "fraud/x" }));

        var raised = Assert.Single(await storage.Outbox.ReadLastRaisedAsync("-!42", TestContext.Current.CancellationToken));

        Assert.Equal(("fraud/x", storage.Time.GetUtcNow()), (raised.Key, raised.Value));
    }

    // Half of them in one lane, the others in lanes of their own, all behind a receiver that is dead.
    [Fact]
    public async Task ClaimAsync_HundredThousandWait_LooksAtTheIndexesOnly()
    {
        await using var storage = await StoreAsync(("-!lane", Message("head")));
        storage.Execute(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
            INSERT INTO outbox (message_id, prediction_id, user, kind, target, payload, created_at, next_attempt_at)
            SELECT 'm' || i, x'00', CASE WHEN i <= 50000 THEN '-!lane' ELSE '-!' || i END, 'alert', 'fraud-desk', x'7b7d', 0, CASE WHEN i <= 50000 THEN 0 ELSE 9000000000000 END FROM n
            """);

        // The one time that the lane's later messages are looked at, some at each claim; the head goes out when its turn comes.
        var claimed = new List<ClaimedMessage>();
        for (var i = 0; i < 30; i++) claimed.AddRange(await ClaimAsync(storage));
        AssertIds(claimed, "head");
        await PutOffAsync(storage, claimed[0]);
        AssertIds(await ClaimAsync(storage));
        Assert.Equal("head", storage.Scalar<string>("SELECT group_concat(message_id) FROM outbox WHERE state = 0 AND next_attempt_at <= 1775044801000"));

        foreach (var plan in new[] { OutboxSql.SelectDue, OutboxSql.SelectWaiting, OutboxSql.Park, OutboxSql.Lease, OutboxSql.FreeNext, OutboxSql.Acknowledge, OutboxSql.WaitingTargets, OutboxSql.Release })
            Assert.DoesNotContain(storage.Explain(plan), step => step.StartsWith("SCAN outbox", StringComparison.Ordinal) && !step.Contains("USING COVERING INDEX", StringComparison.Ordinal));
        Assert.Contains(storage.Explain(OutboxSql.SelectDue), step => step.Contains("outbox_due (target=? AND next_attempt_at<?)", StringComparison.Ordinal));
        Assert.Contains(storage.Explain(OutboxSql.SelectDue), step => step.Contains("outbox_lanes (user=? AND target=?)", StringComparison.Ordinal));
        Assert.DoesNotContain(storage.Explain(OutboxSql.SelectDue), step => step.Contains("TEMP B-TREE", StringComparison.Ordinal));
    }

    private static async Task<StorageBuilder> StoreAsync(params (string User, OutboxMessage Message)[] messages)
    {
        var storage = await new StorageBuilder().StartAsync();
        for (var i = 0; i < messages.Length; i++) await storage.AppendAsync(storage.Record(messages[i].User, i + 1, messages[i].Message));
        return storage;
    }

    private static Task<IReadOnlyList<ClaimedMessage>> ClaimAsync(StorageBuilder storage, string target = Desk, string owner = "me", int most = 10) =>
        storage.Outbox.ClaimAsync(target, owner, Lease, most, TestContext.Current.CancellationToken);

    private static Task<bool> AcknowledgeAsync(StorageBuilder storage, ClaimedMessage message) => storage.Outbox.AcknowledgeAsync(message, TestContext.Current.CancellationToken);

    private static async Task PutOffAsync(StorageBuilder storage, ClaimedMessage message) =>
        Assert.True(await storage.Outbox.PutOffAsync(message, "refused", storage.Time.GetUtcNow().AddSeconds(1), TestContext.Current.CancellationToken));

    private static Task<ResendOutcome> ResendAsync(StorageBuilder storage, string id) => storage.Outbox.ResendAsync(id, TestContext.Current.CancellationToken);

    private static Task<IReadOnlyList<DeadMessage>> ListDeadAsync(StorageBuilder storage, string? target, long? before, int most) =>
        storage.Outbox.ListDeadAsync(target, before, most, TestContext.Current.CancellationToken);

    private static void AssertIds(IReadOnlyList<ClaimedMessage> messages, params string[] ids) => Assert.Equal(ids, messages.Select(claimed => claimed.Message.Id));
}
