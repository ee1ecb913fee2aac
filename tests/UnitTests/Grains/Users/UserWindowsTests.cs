using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Windows;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.Users;
using UnitTests.Fakes;

namespace UnitTests.Grains.Users;

/// <summary>What a recorded prediction counted is what the log has before it, whatever fails in between.</summary>
public sealed class UserWindowsTests
{
    private readonly WindowUser _user = new();

    [Fact]
    public async Task Predict_Events_CountThemselvesAndAllBefore()
    {
        for (var i = 0; i < 3; i++) await _user.PredictAsync();

        Assert.Equal([1, 2, 3], _user.Counted.Values.Select(values => values[0].Number));
        _user.AssertCountedWhatIsLogged();
    }

    [Fact]
    public async Task Predict_CurrentNotIncluded_CountsWhatWasBefore()
    {
        var user = new WindowUser(options => options.IncludeCurrent = false);
        for (var i = 0; i < 3; i++) await user.PredictAsync();

        Assert.Equal([0, 1, 2], user.Counted.Values.Select(values => values[0].Number));
    }

    [Fact]
    public async Task Predict_AmountNotSent_IsAQuestion()
    {
        await _user.PredictAsync();
        await _user.PredictAsync(amount: null);
        await _user.PredictAsync();

        Assert.Equal([1, 1, 2], _user.Counted.Values.Select(values => values[0].Number));
        Assert.Equal([true, false, true], _user.Log.Records.Select(record => record.IsEvent));
    }

    [Fact]
    public async Task Predict_Unrecorded_SaysWhatItWouldAndLeavesTheWindows()
    {
        await _user.PredictAsync();
        await _user.PredictAsync(isRecorded: false);
        await _user.PredictAsync();

        Assert.Equal([1, 2, 2], _user.Counted.Values.Select(values => values[0].Number));
        Assert.Equal(2, _user.Log.Records.Count);
    }

    [Fact]
    public async Task Predict_TooLate_IsAnsweredAsApproximateAndNotKept()
    {
        await _user.PredictAsync();
        await _user.PredictAsync(at: _user.Now - TimeSpan.FromDays(1) - TimeSpan.FromTicks(1));
        await _user.PredictAsync();

        var late = _user.Counted.Values.ElementAt(1);
        Assert.All(late, value => Assert.Equal(FeatureStatus.Approximate, value.Status));
        Assert.Equal(1, late[0].Number);
        Assert.Equal([true, false, true], _user.Log.Records.Select(record => record.IsEvent));
        Assert.Equal(2, _user.LastCount);
    }

    [Theory]
    [InlineData(AppendOutcome.Repeated)]
    [InlineData(AppendOutcome.Broken)]
    public async Task Predict_RecordNotWritten_IsTakenOut(AppendOutcome outcome)
    {
        _user.Log.OnAppend = _ => Task.FromResult(outcome);
        await _user.PredictAsync();
        _user.Log.OnAppend = _ => Task.FromResult(AppendOutcome.Appended);
        await _user.PredictAsync();

        Assert.Equal(1, _user.LastCount);
    }

    // Its first try was taken for lost, and came to the log after the windows had been loaded from it.
    [Theory]
    [InlineData(AppendOutcome.Repeated)]
    [InlineData(AppendOutcome.Superseded)]
    public async Task Predict_LogHasWhatTheWindowsLack_CountsItFromThenOn(AppendOutcome outcome)
    {
        await _user.PredictAsync();
        _user.Log.OnAppend = record =>
        {
            _user.Log.Records.Add(record);
            record.Chain.Break();
            return Task.FromResult(outcome);
        };
        await _user.PredictAsync();
        _user.Log.OnAppend = _ => Task.FromResult(AppendOutcome.Appended);

        await _user.PredictAsync();
        await _user.SaveAsync();
        _user.Activate();
        await _user.PredictAsync();

        Assert.Equal([1, 2, 3, 4], _user.Counted.Values.Select(values => values[0].Number));
        Assert.Equal([1, 2, 3, 4], _user.Log.Records.Select(record => record.Sequence));
        _user.AssertCountedWhatIsLogged();
    }

    [Fact]
    public async Task Predict_CommitInDoubt_AsksTheLogWhatItHas()
    {
        await PredictInDoubtAsync(_user.Log.Records.Add);
        await _user.PredictAsync();

        Assert.Equal(2, _user.LastCount);
        _user.AssertCountedWhatIsLogged();
    }

    [Fact]
    public async Task Predict_CommitInDoubtIsNotInTheLog_GivesItsNumberAgainSoThatItCannotComeLate()
    {
        await _user.PredictAsync();
        var lost = 0L;
        await PredictInDoubtAsync(record => lost = record.Sequence);
        await _user.PredictAsync();

        Assert.Equal(2, _user.LastCount);
        Assert.Equal([1, lost], _user.Log.Records.Select(record => record.Sequence));
    }

    [Fact]
    public async Task Predict_EarlierOneFailsInItsModel_LaterOneThatCountedItFails()
    {
        var gate = new TaskCompletionSource();
        var first = _user.PredictAsync(infer: () => gate.Task);
        var second = _user.PredictAsync();
        await _user.TurnAsync(() => Task.CompletedTask);
        gate.SetException(new InferenceException(InferenceErrorCode.ModelFailed, "on purpose"));

        await Assert.ThrowsAsync<InferenceException>(() => first);
        Assert.Equal(AppendOutcome.Broken, await second);
        await _user.PredictAsync();
        Assert.Equal(1, _user.LastCount);
        Assert.Single(_user.Log.Records);
    }

    [Fact]
    public async Task Predict_EarlierQuestionFails_LaterEventStands()
    {
        var gate = new TaskCompletionSource();
        var question = _user.PredictAsync(amount: null, infer: () => gate.Task);
        var later = _user.PredictAsync();
        await _user.TurnAsync(() => Task.CompletedTask);
        gate.SetException(new InferenceException(InferenceErrorCode.ModelFailed, "on purpose"));

        await Assert.ThrowsAsync<InferenceException>(() => question);
        Assert.Equal(AppendOutcome.Appended, await later);
    }

    [Fact]
    public async Task Predict_LaterOneIsFaster_IsRecordedInTheOrderOfAdmission()
    {
        var gate = new TaskCompletionSource();
        var first = _user.PredictAsync(amount: 1, infer: () => gate.Task);
        var second = _user.PredictAsync(amount: 2);
        await _user.TurnAsync(() => Task.CompletedTask);
        gate.SetResult();
        await Task.WhenAll(first, second);

        Assert.Equal([1, 2], _user.Log.Records.Select(record => PredictionBody.Decode(record.Body).Event!.Fields[0].Value));
        _user.AssertCountedWhatIsLogged();
    }

    [Fact]
    public async Task Predict_TooManyUnderWay_IsRefusedWithTheNumber()
    {
        var gate = new TaskCompletionSource();
        var underWay = Enumerable.Range(0, UserWindows.MaxUnderWay).Select(_ => _user.PredictAsync(infer: () => gate.Task)).ToArray();

        var refused = await Assert.ThrowsAsync<InferenceException>(() => _user.PredictAsync());

        Assert.Equal(InferenceErrorCode.QueueFull, refused.Code);
        gate.SetResult();
        await Task.WhenAll(underWay);
        Assert.Equal(UserWindows.MaxUnderWay, _user.Log.Records.Count);
    }

    [Fact]
    public async Task Predict_ManyAtOnceWhileAnythingFails_CountsWhatIsLogged()
    {
        for (var seed = 0; seed < 60; seed++) await RunAsync(new Random(seed));
    }

    [Fact]
    public async Task Activate_AfterEvents_ReadsWhatTheLogHasAfterTheSnapshot()
    {
        for (var i = 0; i < 5; i++) await _user.PredictAsync();
        await _user.SaveAsync();
        for (var i = 0; i < 3; i++) await _user.PredictAsync();

        _user.Activate();
        await _user.PredictAsync();

        Assert.Equal(9, _user.LastCount);
        Assert.Equal(5, _user.Log.Released[WindowUser.Key]);
        _user.AssertCountedWhatIsLogged();
    }

    [Fact]
    public async Task Save_ManyEvents_IsWrittenEvery256()
    {
        for (var i = 0; i < SnapshotWriter.EventsBetween * 2 + 10; i++) await _user.PredictAsync();

        Assert.Equal(2, _user.Storage.Writes);
    }

    [Fact]
    public async Task Save_FewEvents_IsWrittenWhenItsTimeHasCome()
    {
        await _user.PredictAsync();
        await _user.PredictAsync();
        Assert.Equal((1, 0), (_user.Scheduled, _user.Storage.Writes));

        await _user.AwaitScheduledAsync();

        Assert.Equal((0, 1), (_user.Scheduled, _user.Storage.Writes));
        await _user.SaveAsync();
        Assert.Equal(1, _user.Storage.Writes);
    }

    [Fact]
    public async Task Save_EventsGoOn_WaitOnceAndAreWrittenTogether()
    {
        await _user.PredictAsync();
        await _user.SaveAsync();
        await _user.PredictAsync();
        await _user.PredictAsync();
        Assert.Equal((1, 1), (_user.Scheduled, _user.Storage.Writes));

        await _user.AwaitScheduledAsync();

        Assert.Equal((0, 2), (_user.Scheduled, _user.Storage.Writes));
    }

    [Fact]
    public async Task Stop_SomethingNew_IsWrittenAndNothingIsLeftForTheSchedule()
    {
        await _user.PredictAsync();

        await _user.StopAsync();

        Assert.Equal(1, _user.Storage.Writes);
        await _user.AwaitScheduledAsync();
        Assert.Equal((0, 1), (_user.Scheduled, _user.Storage.Writes));
    }

    [Fact]
    public async Task Stop_SiloStops_IsLeftToTheLog()
    {
        await _user.PredictAsync();

        await _user.StopAsync(save: false);
        await _user.AwaitScheduledAsync();
        Assert.Equal(0, _user.Storage.Writes);

        _user.Activate();
        await _user.PredictAsync();
        Assert.Equal(2, _user.LastCount);
    }

    [Fact]
    public async Task Stop_StorageFails_IsNotTriedAgainByAnActivationThatHasEnded()
    {
        await _user.PredictAsync();
        _user.Storage.OnCall = () => throw new InvalidOperationException("on purpose");
        await _user.StopAsync();
        _user.Storage.OnCall = () => { };

        await _user.AwaitScheduledAsync();

        Assert.Equal((0, 0), (_user.Scheduled, _user.Storage.Writes));
    }

    [Fact]
    public async Task Save_StorageFails_FailsNoPredictionAndIsTriedAgain()
    {
        await _user.PredictAsync();
        _user.Storage.OnCall = () => throw new InvalidOperationException("on purpose");
        await _user.SaveAsync();
        await _user.PredictAsync();
        _user.Storage.OnCall = () => { };
        await _user.AwaitScheduledAsync();

        Assert.Equal(1, _user.Storage.Writes);
        _user.Activate();
        await _user.PredictAsync();
        Assert.Equal(3, _user.LastCount);
    }

    [Fact]
    public async Task Save_AnotherActivationWrote_GoesOnFromItsWrite()
    {
        await _user.PredictAsync();
        await _user.SaveAsync();
        await _user.PredictAsync();
        var mine = (_user.Windows, _user.Journal);
        _user.Activate();
        await _user.PredictAsync();
        await _user.SaveAsync();

        await _user.TurnAsync(mine.Windows.SaveAsync);
        await _user.TurnAsync(mine.Windows.SaveAsync);

        Assert.Equal(3, _user.Storage.Writes);
    }

    [Fact]
    public async Task Save_WhileEventsAreUnderWay_HoldsTheCommittedAlone()
    {
        await _user.PredictAsync();
        var commits = new List<TaskCompletionSource<AppendOutcome>>();
        _user.Log.OnAppend = _ =>
        {
            commits.Add(new TaskCompletionSource<AppendOutcome>(TaskCreationOptions.RunContinuationsAsynchronously));
            return commits[^1].Task;
        };
        var underWay = Enumerable.Range(0, 3).Select(_ => _user.PredictAsync()).ToArray();
        await _user.TurnAsync(() => Task.CompletedTask);
        await _user.SaveAsync();
        foreach (var commit in commits) commit.SetResult(AppendOutcome.Appended);
        await Task.WhenAll(underWay);
        _user.Log.OnAppend = _ => Task.FromResult(AppendOutcome.Appended);

        _user.Activate();
        await _user.PredictAsync();

        Assert.Equal(5, _user.LastCount);
    }

    [Fact]
    public async Task Save_NumbersGivenAndNotWritten_AreNotSaidToBeKept()
    {
        await _user.PredictAsync();
        _user.Log.OnAppend = _ => Task.FromResult(AppendOutcome.Broken);
        await _user.PredictAsync();
        await _user.SaveAsync();
        _user.Log.OnAppend = _ => Task.FromResult(AppendOutcome.Appended);

        // The next activation gives the number again.
        _user.Activate();
        await _user.PredictAsync();
        _user.Activate();
        await _user.PredictAsync();

        Assert.Equal(3, _user.LastCount);
        Assert.Equal([1, 2, 3], _user.Log.Records.Select(record => record.Sequence));
    }

    [Fact]
    public async Task Clear_UserErased_LeavesNoSnapshot()
    {
        await _user.PredictAsync();
        await _user.SaveAsync();
        _user.Log.Records.Clear();

        await _user.TurnAsync(_user.Windows.DrainAsync);
        await _user.TurnAsync(_user.Windows.ClearAsync);
        await _user.PredictAsync();

        Assert.True(_user.Storage.IsEmpty);
        Assert.Equal(1, _user.LastCount);
    }

    [Fact]
    public async Task Load_HistoryConfigured_IsReadOnceUpToTheFirstEvent()
    {
        var user = new WindowUser(options => options.History = new EventHistoryOptions { ConnectionString = "x", Sql = "x" });
        var first = user.Now;
        user.History.Events.AddRange([new(first.AddHours(-2).UtcTicks, [7]), new(first.AddHours(-1).UtcTicks, [8]), new(first.UtcTicks, [9])]);

        user.Storage.OnWrite = () => throw new InvalidOperationException("on purpose");
        await user.PredictAsync();
        Assert.Equal(3, user.LastCount);
        user.Advance(TimeSpan.FromMinutes(1));
        await user.PredictAsync();

        // Killed before a snapshot: the history is read again, up to the same event.
        user.Activate();
        user.Advance(TimeSpan.FromMinutes(1));
        await user.PredictAsync();
        Assert.Equal(5, user.LastCount);
        Assert.Equal([first, first], user.History.Reads.Select(read => read.Until));

        // With a snapshot it is not read.
        user.Storage.OnWrite = () => { };
        await user.SaveAsync();
        user.Activate();
        await user.PredictAsync();
        Assert.Equal((6, 2), (user.LastCount, user.History.Reads.Count));
    }

    // As a replay of the past needs it: what the table has after its first event is still to come. A late event is not told from that.
    [Fact]
    public async Task Load_FirstEventIsFarInThePast_TheHistoryEndsThereForGood()
    {
        var user = PaidBefore(TimeSpan.FromDays(5.5), TimeSpan.FromHours(1));
        await user.PredictAsync(at: user.Now.AddDays(-5));
        Assert.Equal(2, user.LastCount);

        await user.PredictAsync();
        Assert.Equal(1, user.LastCount);

        user.Activate();
        await user.PredictAsync();
        Assert.Equal(2, user.LastCount);
    }

    // What would be said of a payment of that day: nothing is kept of it, and the past is not cut off there either.
    [Fact]
    public async Task Load_UnrecordedEventFarInThePast_DoesNotEndTheHistory()
    {
        var user = PaidBefore(TimeSpan.FromDays(5.5), TimeSpan.FromHours(1));
        await user.PredictAsync(isRecorded: false, at: user.Now.AddDays(-5));
        Assert.Equal(2, user.LastCount);

        await user.PredictAsync();
        Assert.Equal(2, user.LastCount);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Load_QuestionComesBeforeAnEventFarInThePast_TheHistoryIsWholeAndTheEventTooLate(bool byRecordFalse)
    {
        var user = PaidBefore(TimeSpan.FromDays(5.5), TimeSpan.FromHours(1));
        await (byRecordFalse ? user.PredictAsync(isRecorded: false) : user.PredictAsync(amount: null));
        await user.PredictAsync(at: user.Now.AddDays(-5));
        Assert.All(user.Counted.Values.Last(), value => Assert.Equal(FeatureStatus.Approximate, value.Status));

        await user.PredictAsync();
        Assert.Equal(2, user.LastCount);
    }

    // As a silo that was taken for dead may do: its record was on its way.
    [Fact]
    public async Task Load_AnotherActivationWritesMeanwhile_IsCountedOrNotNumberedPast()
    {
        await _user.PredictAsync();
        var late = _user.Log.Records.Single();
        _user.Log.Records.Clear();
        var endIsRead = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _user.Log.OnReadLastSequence = () => endIsRead.Task;
        _user.Activate();

        var next = _user.PredictAsync();
        await _user.TurnAsync(() => Task.CompletedTask);
        _user.Log.Records.Add(late);
        endIsRead.SetResult();
        await next;

        Assert.Equal([1, 2], _user.Log.Records.Select(record => record.Sequence));
        _user.AssertCountedWhatIsLogged();
    }

    [Fact]
    public async Task Load_DatabaseGone_FailsAndIsTriedAgain()
    {
        _user.Log.OnReadEvents = () => throw new InferenceException(InferenceErrorCode.StorageUnavailable, "on purpose");
        var fault = await Assert.ThrowsAsync<InferenceException>(() => _user.PredictAsync());
        _user.Log.OnReadEvents = () => { };
        await _user.PredictAsync();

        Assert.Equal(InferenceErrorCode.StorageUnavailable, fault.Code);
        Assert.Equal(1, _user.LastCount);
    }

    // The answer of its commit is lost.
    private async Task PredictInDoubtAsync(Action<PredictionRecord> commit)
    {
        _user.Log.OnAppend = record =>
        {
            commit(record);
            record.Chain.Break();
            return Task.FromException<AppendOutcome>(new InferenceException(InferenceErrorCode.StorageUnavailable, "the answer was lost"));
        };
        await Assert.ThrowsAsync<InferenceException>(() => _user.PredictAsync());
        _user.Log.OnAppend = _ => Task.FromResult(AppendOutcome.Appended);
    }

    private static WindowUser PaidBefore(params TimeSpan[] ago)
    {
        var user = new WindowUser(options => options.History = new EventHistoryOptions { ConnectionString = "x", Sql = "x" });
        user.History.Events.AddRange(ago.Select(one => new WindowEvent((user.Now - one).UtcTicks, [7])));
        return user;
    }

    private static async Task RunAsync(Random random)
    {
        var user = new WindowUser(options => options.MaxEvents = 1_000);
        using var stop = new CancellationTokenSource();
        var writer = new FailingWriter(random.Next());
        user.Log.OnAppend = writer.AppendAsync;
        var writing = writer.RunAsync(stop.Token);
        for (var round = 0; round < 3; round++)
        {
            var seeds = Enumerable.Range(0, 64).Select(_ => random.Next()).ToArray();
            await Task.WhenAll(seeds.Select(seed => Task.Run(() => AskAsync(user, new Random(seed)))));
            if (random.Next(2) == 0) await user.SaveAsync();
            if (random.Next(2) == 0) user.Activate();
            user.Advance(TimeSpan.FromHours(random.Next(30)));
        }

        await stop.CancelAsync();
        await writing;
        user.AssertCountedWhatIsLogged();
        Assert.Equal(user.Log.Records.Count, user.Log.Records.Select(record => record.Sequence).Distinct().Count());
    }

    private static async Task AskAsync(WindowUser user, Random random)
    {
        try
        {
            await user.PredictAsync(random.Next(4) == 0 ? null : random.Next(1, 100), infer: async () =>
            {
                for (var i = random.Next(4); i > 0; i--) await Task.Yield();
                if (random.Next(20) == 0) throw new InferenceException(InferenceErrorCode.ModelFailed, "on purpose");
            });
        }
        catch (InferenceException)
        {
            // What failed must not be counted: the log tells.
        }
    }

    /// <summary>Commits groups in order on a thread of its own, and fails some of them.</summary>
    private sealed class FailingWriter(int seed)
    {
        private readonly Channel<(PredictionRecord Record, TaskCompletionSource<AppendOutcome> Done)> _waiting = Channel.CreateUnbounded<(PredictionRecord, TaskCompletionSource<AppendOutcome>)>();
        private readonly Random _random = new(seed);

        public Task<AppendOutcome> AppendAsync(PredictionRecord record)
        {
            var done = new TaskCompletionSource<AppendOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Writer.TryWrite((record, done));
            return done.Task;
        }

        public async Task RunAsync(CancellationToken stop)
        {
            while (!stop.IsCancellationRequested)
            {
                Task waiting = _waiting.Reader.WaitToReadAsync(stop).AsTask();
                await waiting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                var group = new List<(PredictionRecord Record, TaskCompletionSource<AppendOutcome> Done)>();
                while (group.Count < 8 && _waiting.Reader.TryRead(out var next)) group.Add(next);
                Commit(group);
            }
        }

        private void Commit(List<(PredictionRecord Record, TaskCompletionSource<AppendOutcome> Done)> group)
        {
            var fails = _random.Next(6) == 0;
            if (fails) group.ForEach(one => one.Record.Chain.Break());
            foreach (var (record, done) in group)
            {
                if (fails) done.SetException(new InferenceException(InferenceErrorCode.StorageUnavailable, "on purpose"));
                else done.SetResult(record.Chain.IsBroken ? AppendOutcome.Broken : AppendOutcome.Appended);
            }
        }
    }
}
