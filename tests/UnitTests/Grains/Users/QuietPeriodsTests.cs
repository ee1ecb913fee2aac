using OrleansInference;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;
using OrleansInference.Grains.Users;
using UnitTests.Fakes;

namespace UnitTests.Grains.Users;

/// <summary>After a message of a rule for a user, none for the rule's quiet period; through the journal, as the grain uses it.</summary>
public sealed class QuietPeriodsTests
{
    private static readonly TimeSpan Quiet = TimeSpan.FromHours(1);

    private readonly TaskScheduler _turns = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
    private readonly PlanFixture _plan;
    private readonly FakePredictionLog _log = new();
    private readonly FakeOutbox _outbox;

    public QuietPeriodsTests()
    {
        _plan = new PlanFixture
        {
            Plan = new PlanFixture().Plan with { Rules = [new OutboxRule("alert", "desk", 0.9, null) { Quiet = Quiet }, new OutboxRule("workflow", "review", 0.7, null)] },
        };
        _outbox = new FakeOutbox(_plan.Time, new OutboxSignal());
    }

    [Fact]
    public async Task Append_WithinThePeriod_OwesTheOtherRulesOnly()
    {
        var journal = Journal();
        await AppendAsync(journal);
        _plan.Time.Advance(Quiet - TimeSpan.FromMilliseconds(1));
        await AppendAsync(journal);

        AssertOwed("alert workflow", "workflow");
    }

    [Fact]
    public async Task Append_PeriodOver_OwesAgain()
    {
        var journal = Journal();
        await AppendAsync(journal);
        _plan.Time.Advance(Quiet);
        await AppendAsync(journal);

        AssertOwed("alert workflow", "alert workflow");
    }

    [Fact]
    public async Task Append_BelowTheThreshold_BeginsNoPeriodAndReadsNothing()
    {
        var journal = Journal();
        await AppendAsync(journal, 0.8);
        Assert.Equal(0, _outbox.Reads);
        await AppendAsync(journal);

        AssertOwed("workflow", "alert workflow");
    }

    [Fact]
    public async Task Append_AfterAnotherActivation_RemembersFromTheOutbox()
    {
        _outbox.OnReadLastRaised = _ => LastRaised(_plan.Time.GetUtcNow() - TimeSpan.FromMinutes(59));
        var journal = Journal();
        await AppendAsync(journal);
        _plan.Time.Advance(TimeSpan.FromMinutes(1));
        await AppendAsync(journal);

        AssertOwed("workflow", "alert workflow");
        Assert.Equal(1, _outbox.Reads);
    }

    [Fact]
    public async Task Append_ManyAtOnce_OweOne()
    {
        var read = new TaskCompletionSource<IReadOnlyDictionary<string, DateTimeOffset>>();
        _outbox.OnReadLastRaised = _ => read.Task;
        var journal = Journal();
        var appends = Enumerable.Range(0, 64).Select(_ => TurnAsync(() => AppendAsync(journal))).ToArray();
        read.SetResult(new Dictionary<string, DateTimeOffset>());
        await Task.WhenAll(appends);

        Assert.Equal(64, _log.Records.Count);
        Assert.Single(_log.Records, record => record.Messages.Any(message => message.Kind == "alert"));
        Assert.Equal(1, _outbox.Reads);
    }

    [Theory]
    [InlineData(AppendOutcome.Repeated)]
    [InlineData(AppendOutcome.Superseded)]
    [InlineData(AppendOutcome.Broken)]
    public async Task Append_RecordNotWritten_OwesWithTheNext(AppendOutcome outcome)
    {
        var journal = Journal();
        _log.OnAppend = _ => Task.FromResult(outcome);
        await AppendAsync(journal);
        _log.OnAppend = _ => Task.FromResult(AppendOutcome.Appended);
        await AppendAsync(journal);

        AssertOwed("alert workflow");
    }

    [Fact]
    public async Task Append_CommitFailed_GoesBackToTheMessageBefore()
    {
        var journal = Journal();
        await AppendAsync(journal);
        _plan.Time.Advance(Quiet);
        _log.OnAppend = _ => Task.FromException<AppendOutcome>(new InferenceException(InferenceErrorCode.StorageUnavailable, "on purpose"));
        await Assert.ThrowsAsync<InferenceException>(() => AppendAsync(journal));
        _log.OnAppend = _ => Task.FromResult(AppendOutcome.Appended);
        await AppendAsync(journal);
        await AppendAsync(journal);

        AssertOwed("alert workflow", "alert workflow", "workflow");
    }

    [Fact]
    public async Task Append_NotKnownWhetherItWasWritten_AsksTheOutbox()
    {
        var journal = Journal();
        _log.OnAppend = _ => Task.FromException<AppendOutcome>(new InferenceException(InferenceErrorCode.StorageUnavailable, "on purpose"));
        await Assert.ThrowsAsync<InferenceException>(() => AppendAsync(journal));
        _log.OnAppend = _ => Task.FromResult(AppendOutcome.Appended);
        _outbox.OnReadLastRaised = _ => LastRaised(_plan.Time.GetUtcNow());
        await AppendAsync(journal);

        AssertOwed("workflow");
        Assert.Equal(2, _outbox.Reads);
    }

    [Fact]
    public async Task Append_RecordOutlastsItsCaller_OwesNoOtherMeanwhileOrAfterwards()
    {
        using var caller = new CancellationTokenSource();
        var (journal, written) = (Journal(), new TaskCompletionSource<AppendOutcome>());
        _log.OnAppend = record => record.Sequence == 1 ? written.Task : Task.FromResult(AppendOutcome.Appended);
        var late = AppendUntilAsync(journal, 0.95, caller.Token);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => late.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));

        await AppendAsync(journal);
        written.SetResult(AppendOutcome.Appended);
        await AppendAsync(journal);

        AssertOwed("alert workflow", "workflow", "workflow");
        Assert.Equal(1, _outbox.Reads);
    }

    [Fact]
    public async Task Append_WrittenWhileTheOutboxIsRead_AsksAgain()
    {
        var journal = Journal();
        var (first, second) = (new TaskCompletionSource<AppendOutcome>(), new TaskCompletionSource<AppendOutcome>());
        _log.OnAppend = record => record.Sequence switch { 1 => first.Task, 3 => second.Task, _ => Task.FromResult(AppendOutcome.Appended) };
        var failing = AppendAsync(journal);
        _plan.Time.Advance(Quiet);
        await AppendAsync(journal, 0.8);
        var underWay = AppendAsync(journal);
        first.SetException(new InferenceException(InferenceErrorCode.StorageUnavailable, "on purpose"));
        await Assert.ThrowsAsync<InferenceException>(() => failing);

        // The answer is from before the commit, and comes after it.
        var asked = new TaskCompletionSource<IReadOnlyDictionary<string, DateTimeOffset>>();
        _outbox.OnReadLastRaised = _ => asked.Task;
        var last = AppendAsync(journal);
        _outbox.OnReadLastRaised = _ => LastRaised(_plan.Time.GetUtcNow());
        second.SetResult(AppendOutcome.Appended);
        await underWay;
        asked.SetResult(new Dictionary<string, DateTimeOffset>());
        await last.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        AssertOwed("workflow", "alert workflow", "workflow");
    }

    [Fact]
    public async Task Append_OutboxReadAgainWhileARecordIsUnderWay_CountsThatOneToo()
    {
        var journal = Journal();
        var (first, second) = (new TaskCompletionSource<AppendOutcome>(), new TaskCompletionSource<AppendOutcome>());
        _log.OnAppend = record => record.Sequence == 1 ? first.Task : second.Task;
        var left = AppendAsync(journal, 0.95);
        var underWay = AppendAsync(journal, 0.95);
        _plan.Time.Advance(Quiet);
        var raised = AppendAsync(journal, 0.95);
        first.SetException(new InferenceException(InferenceErrorCode.StorageUnavailable, "on purpose"));
        await Assert.ThrowsAsync<InferenceException>(() => left);
        var last = AppendAsync(journal, 0.95);
        second.SetResult(AppendOutcome.Appended);
        await Task.WhenAll(underWay, raised, last);

        AssertOwed("workflow", "alert workflow", "workflow");
    }

    [Fact]
    public async Task Append_OutboxUnreadable_FailsAndTriesAgain()
    {
        var journal = Journal();
        _outbox.OnReadLastRaised = _ => Task.FromException<IReadOnlyDictionary<string, DateTimeOffset>>(new InferenceException(InferenceErrorCode.StorageUnavailable, "on purpose"));
        await Assert.ThrowsAsync<InferenceException>(() => AppendAsync(journal));
        _outbox.OnReadLastRaised = _ => LastRaised(DateTimeOffset.UnixEpoch);
        await AppendAsync(journal);

        AssertOwed("alert workflow");
    }

    [Fact]
    public async Task Forget_ErasedUser_OwesAgain()
    {
        var journal = Journal();
        await AppendAsync(journal);
        journal.Forget();
        await AppendAsync(journal);

        AssertOwed("alert workflow", "alert workflow");
    }

    // As in a grain: one at a time, also what follows an await.
    private Task TurnAsync(Func<Task> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.None, _turns).Unwrap();

    private static Task<IReadOnlyDictionary<string, DateTimeOffset>> LastRaised(DateTimeOffset at) =>
        Task.FromResult<IReadOnlyDictionary<string, DateTimeOffset>>(new Dictionary<string, DateTimeOffset> { ["fraud/alert-desk"] = at });

    private UserJournal Journal() => new(new UserIdentity("-!42"), new UserJournalServices(_log, _outbox, _plan.Time), new Attempts());

    private Task<AppendOutcome> AppendAsync(UserJournal journal, double answer = 0.95) => AppendUntilAsync(journal, answer, CancellationToken.None);

    private Task<AppendOutcome> AppendUntilAsync(UserJournal journal, double answer, CancellationToken left)
    {
        journal.BeginLoad();
        return PlanFixture.AppendUntilAsync(journal, _plan.Draft(PlanFixture.Request(), answer), left);
    }

    // The kinds of each record's messages.
    private void AssertOwed(params string[] kinds) => Assert.Equal(kinds, _log.Records.OrderBy(record => record.Sequence).Select(record => string.Join(" ", record.Messages.Select(message => message.Kind))));
}
