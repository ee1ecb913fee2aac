using OrleansInference;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;
using OrleansInference.Grains.Users;
using UnitTests.Fakes;

namespace UnitTests.Grains.Users;

/// <summary>Numbers are given once and in order; after a failure the user's records build on a new chain.</summary>
public sealed class UserJournalTests
{
    private readonly PlanFixture _plan = new();
    private readonly FakePredictionLog _log = new();
    private readonly Attempts _attempts = new();
    private readonly UserJournal _journal;

    public UserJournalTests() => _journal = new UserJournal(new UserIdentity("-!42"), new UserJournalServices(_log, new FakeOutbox(_plan.Time, new OutboxSignal()), _plan.Time), _attempts);

    [Fact]
    public async Task AppendAsync_UserWithRecords_GoesOnFromTheLast()
    {
        _log.Records.Add(_plan.Record(PlanFixture.Request(), sequence: 41));

        await AppendAsync();
        await AppendAsync();

        Assert.Equal([41, 42, 43], _log.Records.Select(record => record.Sequence));
        Assert.Equal(43, _journal.LastSequence);
    }

    [Fact]
    public async Task AppendAsync_CommitFailed_UsesItsNumberForNobodyElse()
    {
        var handed = new List<long>();
        _log.OnAppend = record =>
        {
            handed.Add(record.Sequence);
            return handed.Count == 1 ? Task.FromException<AppendOutcome>(new InferenceException(InferenceErrorCode.StorageUnavailable, "on purpose")) : Task.FromResult(AppendOutcome.Appended);
        };

        await Assert.ThrowsAsync<InferenceException>(AppendAsync);
        await AppendAsync();

        Assert.Equal([1, 2], handed);
    }

    [Fact]
    public async Task AppendAsync_RecordsUnderWay_ShareOneChain()
    {
        await AppendAsync();
        await AppendAsync();

        Assert.Same(_log.Records[0].Chain, _log.Records[1].Chain);
    }

    [Fact]
    public async Task AppendAsync_ChainBroken_BeginsAnother()
    {
        await AppendAsync();
        _log.Records[0].Chain.Break();

        await AppendAsync();

        Assert.False(_log.Records[1].Chain.IsBroken);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AppendAsync_RecordOutlastsItsCaller_IsUnderWayUntilItIsWrittenOrNot(bool isWritten)
    {
        using var caller = new CancellationTokenSource();
        var written = new TaskCompletionSource<AppendOutcome>();
        _log.OnAppend = _ => written.Task;
        var append = AppendUntilAsync(caller.Token);

        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));

        var drained = _attempts.DrainAsync();
        Assert.False(drained.IsCompleted);
        if (isWritten) written.SetResult(AppendOutcome.Appended);
        else written.SetException(new InferenceException(InferenceErrorCode.StorageUnavailable, "on purpose"));
        await drained.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Forget_NextAppend_ReadsWhereTheJournalEnds()
    {
        await AppendAsync();
        _log.Records.Clear();

        _journal.Forget();
        await AppendAsync();

        Assert.Equal(1, Assert.Single(_log.Records).Sequence);
    }

    [Fact]
    public async Task Forget_EndIsBeingRead_IsForgottenToo()
    {
        _log.Records.Add(_plan.Record(PlanFixture.Request(), sequence: 41));
        var read = new TaskCompletionSource();
        _log.OnReadLastSequence = () => read.Task;
        _journal.BeginLoad();

        _journal.Forget();
        read.SetResult();
        _log.OnReadLastSequence = () => Task.CompletedTask;
        _log.Records.Clear();

        Assert.Null(_journal.LastSequence);
        await AppendAsync();
        Assert.Equal(1, Assert.Single(_log.Records).Sequence);
    }

    private Task<AppendOutcome> AppendAsync() => AppendUntilAsync(CancellationToken.None);

    private Task<AppendOutcome> AppendUntilAsync(CancellationToken left)
    {
        _journal.BeginLoad();
        return PlanFixture.AppendUntilAsync(_journal, _plan.Draft(PlanFixture.Request()), left);
    }
}
