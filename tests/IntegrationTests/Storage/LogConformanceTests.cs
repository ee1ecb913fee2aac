using Microsoft.Extensions.DependencyInjection;
using OrleansInference;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Erasure;
using OrleansInference.Grains.PostProcessing.Feedback;
using OrleansInference.Grains.PostProcessing.Outbox;
using OrleansInference.Grains.PostProcessing.Retention;

namespace IntegrationTests.Storage;

/// <summary>What every database of the prediction log must do; a class for each database inherits this.</summary>
public abstract class LogConformanceTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2026, 4, 1, 12, 0, 0, TimeSpan.Zero);

    private LogStores? _stores;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private IPredictionLog Log => _stores!.Services.GetRequiredService<IPredictionLog>();

    private IUserErasure Erasure => _stores!.Services.GetRequiredService<IUserErasure>();

    private IRetention Retention => _stores!.Services.GetRequiredService<IRetention>();

    private IOutcomes Outcomes => _stores!.Services.GetRequiredService<IOutcomes>();

    private IOutbox Outbox => _stores!.Services.GetRequiredService<IOutbox>();

    public async ValueTask InitializeAsync() => _stores = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_stores is not null) await _stores.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Append_ThenRead_IsTheSame()
    {
        var written = Record("-!42é😀", 1) with { IdempotencyKey = "k", Variant = ModelVariant.Canary };

        Assert.Equal(AppendOutcome.Appended, await AppendAsync(written));

        var read = (await Log.ReadAsync(written.Id))!;
        Assert.Equal(
            (written.Id, written.User, 1L, "fraud", 2, ModelVariant.Canary, "k", Noon),
            (read.Id, read.User, read.Sequence, read.Model, read.Version, read.Variant, read.IdempotencyKey, read.CreatedAt));
        Assert.Equal(written.Schema.Names, read.Schema.Names);
        Assert.Equal(written.Body, read.Body);
    }

    [Fact]
    public async Task Read_Unknown_IsNone()
    {
        Assert.Null(await Log.ReadAsync(Guid.CreateVersion7()));
        Assert.Null(await Log.ReadByKeyAsync("-!42", "fraud", "k"));
        Assert.Equal(0, await Log.ReadLastSequenceAsync("-!42"));
        Assert.Empty(await Log.ReadLatestAsync("-!42", 10));
    }

    [Fact]
    public async Task Append_IdKeyOrSequenceTaken_SaysWhichAndWritesNothing()
    {
        var first = Record("-!42", 1) with { IdempotencyKey = "k" };
        await AppendAsync(first);

        Assert.Equal(AppendOutcome.Repeated, await AppendAsync(Record("-!42", 2, "late") with { Id = first.Id }));
        Assert.Equal(AppendOutcome.Repeated, await AppendAsync(Record("-!42", 2, "late") with { IdempotencyKey = "k" }));
        Assert.Equal(AppendOutcome.Superseded, await AppendAsync(Record("-!42", 1, "late")));

        Assert.Equal(1, await Log.ReadLastSequenceAsync("-!42"));
        Assert.Empty(await Outbox.ReadWaitingTargetsAsync(Cancellation));
    }

    [Fact]
    public async Task Append_SameKeyOfAnotherUserOrModel_IsWritten()
    {
        await AppendAsync(Record("-!42", 1) with { IdempotencyKey = "k" });

        Assert.Equal(AppendOutcome.Appended, await AppendAsync(Record("-!43", 1) with { IdempotencyKey = "k" }));
        Assert.Equal(AppendOutcome.Appended, await AppendAsync(Record("-!42", 2) with { IdempotencyKey = "k", Model = "other" }));
    }

    [Fact]
    public async Task ReleaseKey_Taken_AnotherMayHaveIt()
    {
        var first = Record("-!42", 1) with { IdempotencyKey = "k" };
        await AppendAsync(first);

        await Log.ReleaseKeyAsync(first.Id);

        var second = Record("-!42", 2) with { IdempotencyKey = "k" };
        Assert.Equal(AppendOutcome.Appended, await AppendAsync(second));
        Assert.Equal(second.Id, (await Log.ReadByKeyAsync("-!42", "fraud", "k"))!.Id);
    }

    [Fact]
    public async Task ReadLatest_Many_AreTheLastLatestFirst()
    {
        for (var sequence = 1; sequence <= 5; sequence++) await AppendAsync(Record("-!42", sequence));

        Assert.Equal([5, 4, 3], (await Log.ReadLatestAsync("-!42", 3)).Select(record => record.Sequence));
    }

    [Fact]
    public async Task Append_ChainBroken_WritesNothing()
    {
        var record = Record("-!42", 1, "late");
        record.Chain.Break();

        Assert.Equal(AppendOutcome.Broken, await AppendAsync(record));

        Assert.Null(await Log.ReadAsync(record.Id));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Append_OneOfAChainIsRefused_NoLaterOneIsWritten(bool sameId)
    {
        var first = Record("-!42", 1);
        await AppendAsync(first);
        var chain = new RecordChain();
        var refused = Record("-!42", sameId ? 2 : 1) with { Id = sameId ? first.Id : Guid.CreateVersion7(), Chain = chain };

        // All handed over before the first is answered.
        var outcomes = await Task.WhenAll(AppendAsync(refused), AppendAsync(Record("-!42", 3) with { Chain = chain }), AppendAsync(Record("-!42", 4) with { Chain = chain }), AppendAsync(Record("-!43", 1)));

        Assert.Equal([sameId ? AppendOutcome.Repeated : AppendOutcome.Superseded, AppendOutcome.Broken, AppendOutcome.Broken, AppendOutcome.Appended], outcomes);
        Assert.Equal(1, await Log.ReadLastSequenceAsync("-!42"));
    }

    [Fact]
    public async Task Append_ManyUsersAtOnce_WritesEachOnceInItsOrder()
    {
        const int Users = 20;
        const int Each = 50;

        var appends = Enumerable.Range(0, Users).SelectMany(user => Enumerable.Range(1, Each).Select(sequence => AppendAsync(Record($"-!{user}", sequence, $"{user}-{sequence}"))));

        Assert.All(await Task.WhenAll(appends), outcome => Assert.Equal(AppendOutcome.Appended, outcome));
        for (var user = 0; user < Users; user++)
            Assert.Equal(Enumerable.Range(1, Each).Reverse().Select(sequence => (long)sequence), (await Log.ReadLatestAsync($"-!{user}", Each + 1)).Select(record => record.Sequence));
    }

    [Fact]
    public async Task Append_SeveralMessages_AreDueInTheirOrderWithTheRecord()
    {
        await AppendAsync(Record("-!42", 1, "a", "b"));

        var first = Assert.Single(await Outbox.ClaimAsync("fraud-desk", "me", TimeSpan.FromMinutes(1), 10, Cancellation));
        Assert.Equal(("a", "-!42", 1), (first.Message.Id, first.User, first.Attempt));
        Assert.Equal([(byte)'{', (byte)'}'], first.Message.Payload);
        Assert.True(await Outbox.AcknowledgeAsync(first, Cancellation));
        Assert.Equal("b", Assert.Single(await Outbox.ClaimAsync("fraud-desk", "me", TimeSpan.FromMinutes(1), 10, Cancellation)).Message.Id);
    }

    [Fact]
    public async Task Claim_TwoOwnersAtOnce_NoMessageIsWithBoth()
    {
        const int Users = 200;
        for (var user = 0; user < Users; user++) await AppendAsync(Record($"-!{user}", 1, $"{user}"));

        var claims = await Task.WhenAll(Enumerable.Range(0, 16).Select(owner => Outbox.ClaimAsync("fraud-desk", $"owner-{owner}", TimeSpan.FromMinutes(1), 50, Cancellation)));

        // Who finds a message taken in that moment goes home with fewer, and the next one has what is left.
        var left = await Outbox.ClaimAsync("fraud-desk", "last", TimeSpan.FromMinutes(1), Users, Cancellation);

        var claimed = claims.Append(left).SelectMany(claim => claim).Select(message => message.Message.Id).ToArray();
        Assert.Equal(claimed.Distinct(), claimed);
        Assert.Equal(Users, claimed.Length);
    }

    [Fact]
    public async Task Acknowledge_LeaseLost_IsRefused()
    {
        await AppendAsync(Record("-!42", 1, "a"));
        var lost = Assert.Single(await Outbox.ClaimAsync("fraud-desk", "first", TimeSpan.FromSeconds(10), 10, Cancellation));
        _stores!.Time.Advance(TimeSpan.FromSeconds(11));
        var held = Assert.Single(await Outbox.ClaimAsync("fraud-desk", "second", TimeSpan.FromSeconds(10), 10, Cancellation));

        Assert.False(await Outbox.AcknowledgeAsync(lost, Cancellation));
        Assert.True(await Outbox.AcknowledgeAsync(held, Cancellation));
    }

    [Fact]
    public async Task Bury_ThenResend_IsDeadAndThenDueAgain()
    {
        await AppendAsync(Record("-!42", 1, "a"));
        var claimed = Assert.Single(await Outbox.ClaimAsync("fraud-desk", "me", TimeSpan.FromMinutes(1), 10, Cancellation));
        Assert.True(await Outbox.BuryAsync(claimed, "on purpose", Cancellation));
        var dead = Assert.Single(await Outbox.ListDeadAsync(target: null, before: null, 10, Cancellation));
        Assert.Equal(("a", "on purpose"), (dead.MessageId, dead.LastError));

        Assert.Equal(ResendOutcome.Due, await Outbox.ResendAsync("a", Cancellation));
        Assert.Equal(ResendOutcome.Unknown, await Outbox.ResendAsync("nothing", Cancellation));

        Assert.True(Assert.Single(await Outbox.ClaimAsync("fraud-desk", "me", TimeSpan.FromMinutes(1), 10, Cancellation)).Resent);
    }

    [Fact]
    public async Task ReadLastRaised_RulesOfAUser_AreTheirLatest()
    {
        await AppendAsync(Record("-!42", 1) with { Messages = [Message("a") with { Rule = "fraud/alerts[0]" }] });
        await AppendAsync(Record("-!42", 2) with { CreatedAt = Noon.AddMinutes(1), Messages = [Message("b") with { Rule = "fraud/alerts[0]" }] });

        var raised = await Outbox.ReadLastRaisedAsync("-!42", Cancellation);

        Assert.Equal([KeyValuePair.Create("fraud/alerts[0]", Noon.AddMinutes(1))], raised);
    }

    [Fact]
    public async Task Levels_WaitingAndDead_AreCounted()
    {
        await AppendAsync(Record("-!42", 1, "a"));
        await AppendAsync(Record("-!43", 1, "b"));

        var level = Assert.Single(await Outbox.ReadLevelsAsync(Cancellation));

        Assert.Equal(("fraud-desk", 2L, 0L), (level.Target, level.Waiting, level.Dead));
    }

    [Fact]
    public async Task Delete_User_LeavesTheOthersOnly()
    {
        for (var sequence = 1; sequence <= 3; sequence++) await AppendAsync(Record("-!42", sequence, $"{sequence}"));
        await AppendAsync(Record("-!43", 1, "other"));

        Assert.Equal((3, 3), await Erasure.DeleteAsync("-!42", Cancellation));

        Assert.Equal((0L, 1L), (await Log.ReadLastSequenceAsync("-!42"), await Log.ReadLastSequenceAsync("-!43")));
        Assert.Equal("other", Assert.Single(await Outbox.ClaimAsync("fraud-desk", "me", TimeSpan.FromMinutes(1), 10, Cancellation)).Message.Id);
    }

    [Fact]
    public async Task Pseudonymise_User_KeepsTheRecordsWithoutKeys()
    {
        var record = Record("-!42", 1, "a") with { IdempotencyKey = "k" };
        await AppendAsync(record);

        Assert.Equal((1, 1), await Erasure.PseudonymiseAsync("-!42", "-!erased", Cancellation));

        var read = (await Log.ReadAsync(record.Id))!;
        Assert.Equal(("-!erased", null), (read.User, read.IdempotencyKey));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(500)]
    public async Task ReadRange_InPages_IsEveryRecordOfTheModelInTheRangeOnceByTime(int pageSize)
    {
        var inside = Enumerable.Range(0, 7).Select(i => Record($"-!{i}", 1) with { CreatedAt = Noon.AddMilliseconds(i / 3) }).ToArray();
        foreach (var record in inside.Reverse()) await AppendAsync(record);
        await AppendAsync(Record("-!early", 1) with { CreatedAt = Noon.AddMilliseconds(-1) });
        await AppendAsync(Record("-!late", 1) with { CreatedAt = Noon.AddMilliseconds(3) });
        await AppendAsync(Record("-!other", 1) with { Model = "other" });
        var range = new ExportQuery { Model = "fraud", From = Noon, To = Noon.AddMilliseconds(3) };

        var read = new List<PredictionRecord>();
        for (IReadOnlyList<PredictionRecord> page; (page = await Log.ReadRangeAsync(range, read.Count == 0 ? null : new LogCursor(read[^1].CreatedAt, read[^1].Id), pageSize)).Count > 0;) read.AddRange(page);

        Assert.Equal(
            inside.OrderBy(record => record.CreatedAt).ThenBy(record => Convert.ToHexString(record.Id.ToByteArray(bigEndian: true)), StringComparer.Ordinal).Select(record => record.Id),
            read.Select(record => record.Id));
        Assert.All(read, record => Assert.Equal(["request.amount"], record.Schema.Names));
        Assert.Equal((7L, 5L), (await Log.CountRangeAsync(range, long.MaxValue), await Log.CountRangeAsync(range, 5)));
        Assert.Equal((9L, 0L), (await Log.CountRangeAsync(new ExportQuery { Model = "fraud" }, 100), await Log.CountRangeAsync(new ExportQuery { Model = "nothing" }, 100)));
        Assert.Equal(["request.amount"], Assert.Single(await Log.ReadSchemasAsync("fraud")).Names);
    }

    [Fact]
    public async Task Outcomes_LabelAndCorrection_TheLatestIsWhatIsMeasured()
    {
        var (one, other) = (Record("-!42", 1), Record("-!43", 1) with { Version = 3, CreatedAt = Noon.AddDays(1) });
        foreach (var record in new[] { one, other }) await AppendAsync(record);
        await Outcomes.AddAsync(one, 0.7, 0);
        await Outcomes.AddAsync(one, 0.7, 1);
        await Outcomes.AddAsync(other, 0.2, 0);

        Assert.Equal([(0.0, 1), (1.0, 2)], (await Outcomes.ReadAsync(one.Id)).Select(outcome => (outcome.Label, outcome.Revision)));
        var all = new QualityQuery { Model = "fraud" };
        Assert.Equal([new(2, 0.7, 1), new(3, 0.2, 0)], (await Outcomes.ReadLabelledAsync(all, 10)).OrderBy(score => score.Version));
        Assert.Equal(3, Assert.Single(await Outcomes.ReadLabelledAsync(all with { Version = 3 }, 10)).Version);
        Assert.Equal(3, Assert.Single(await Outcomes.ReadLabelledAsync(all with { From = Noon.AddDays(1) }, 10)).Version);
        Assert.Equal(2, Assert.Single(await Outcomes.ReadLabelledAsync(all with { To = Noon.AddDays(1) }, 10)).Version);
        Assert.Empty(await Outcomes.ReadLabelledAsync(all with { Model = "other" }, 10));
        Assert.NotNull(await Outcomes.ReadLastAsync("fraud"));
        Assert.Null(await Outcomes.ReadLastAsync("other"));
    }

    [Fact]
    public async Task Outcomes_UserErasedOrPredictionTooOld_GoWithIt()
    {
        for (var sequence = 1; sequence <= 2; sequence++)
        {
            foreach (var user in new[] { "-!42", "-!43" })
            {
                var record = Record(user, sequence);
                await AppendAsync(record);
                await Outcomes.AddAsync(record, 0.5, 1);
            }
        }

        await Erasure.DeleteAsync("-!42", Cancellation);
        await Retention.DeletePredictionsAsync(Noon.AddDays(1), Noon.AddDays(-30), RetentionCursor.Start, 500, Cancellation);

        Assert.Single(await Outcomes.ReadLabelledAsync(new QualityQuery { Model = "fraud" }, 10));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(500)]
    public async Task DeletePredictions_OldOnes_GoButForTheUsersLast(int pageSize)
    {
        for (var sequence = 1; sequence <= 4; sequence++) await AppendAsync(Record("-!42", sequence));
        await AppendAsync(Record("-!43", 1));
        await AppendAsync(Record("-!42", 5) with { CreatedAt = Noon.AddDays(2) });

        var deleted = 0;
        for (RetentionCursor? from = RetentionCursor.Start; from is { } next;)
        {
            (var page, from) = await Retention.DeletePredictionsAsync(Noon.AddDays(1), Noon.AddDays(-30), next, pageSize, Cancellation);
            deleted += page;
        }

        Assert.Equal(4, deleted);
        Assert.Equal((5L, 1L), (await Log.ReadLastSequenceAsync("-!42"), await Log.ReadLastSequenceAsync("-!43")));
        Assert.Single(await Log.ReadLatestAsync("-!42", 10));
    }

    [Fact]
    public async Task DeleteMessages_Delivered_GoByTheirAge()
    {
        await AppendAsync(Record("-!42", 1, "a"));
        await AppendAsync(Record("-!43", 1, "b"));
        var claimed = await Outbox.ClaimAsync("fraud-desk", "me", TimeSpan.FromMinutes(1), 1, Cancellation);
        await Outbox.AcknowledgeAsync(claimed[0], Cancellation);

        var later = _stores!.Time.GetUtcNow().AddSeconds(1);
        Assert.Equal(1, await Retention.DeleteMessagesAsync(later, later, 500, Cancellation));
    }

    /// <summary>Empty stores over the database.</summary>
    internal abstract Task<LogStores> StartAsync();

    private static OutboxMessage Message(string id) => new(id, "alert", "fraud-desk", [(byte)'{', (byte)'}']);

    private static PredictionRecord Record(string user, long sequence, params string[] messages)
    {
        var schema = FeatureSchema.Of(["request.amount"]);
        return new PredictionRecord
        {
            Id = Guid.CreateVersion7(),
            User = user,
            Sequence = sequence,
            Model = "fraud",
            Version = 2,
            CreatedAt = Noon,
            Schema = schema,
            Body = [1, .. BitConverter.GetBytes(schema.Id), 0, .. BitConverter.GetBytes(0.5), 0, 0],
            Messages = [.. messages.Select(Message)],
        };
    }

    private Task<AppendOutcome> AppendAsync(PredictionRecord record) => Log.AppendAsync(record, Cancellation);
}
