using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrleansInference.Grains.Users;
using UnitTests.Fakes;

namespace UnitTests.Grains.Users;

/// <summary>Many users share one timer, each has the time of its own first event, and few write at once.</summary>
public sealed class SnapshotScheduleTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private const int AtOnce = 4;

    private readonly FakeTimeProvider _time = new();
    private readonly RecordedMetrics _metrics = new();
    private readonly SnapshotSchedule _schedule;

    private readonly SnapshotOutage _outage;

    public SnapshotScheduleTests()
    {
        _schedule = new SnapshotSchedule(Options.Create(new SnapshotOptions { MaxConcurrentWrites = AtOnce }), _time, _metrics.Instruments);
        _outage = new SnapshotOutage(Options.Create(new SnapshotOptions()), _time, new FakeLogger<SnapshotOutage>());
    }

    [Fact]
    public async Task Add_UsersOneAfterTheOther_EachIsWrittenWhenItsOwnTimeHasCome()
    {
        var (first, second) = (new WindowUser(schedule: _schedule), new WindowUser(schedule: _schedule));
        await first.PredictAsync();
        _time.Advance(Second);
        await second.PredictAsync();

        await AdvanceAsync(SnapshotSchedule.Delay - Second, first, second);
        Assert.Equal((1, 0), (first.Storage.Writes, second.Storage.Writes));

        await AdvanceAsync(Second, first, second);
        Assert.Equal((1, 1), (first.Storage.Writes, second.Storage.Writes));
        Assert.Equal(0, _schedule.Count);
    }

    [Fact]
    public async Task Flush_UsersWhoWait_AreWrittenBeforeTheirTimeAndStayAsTheyAre()
    {
        var users = Enumerable.Range(0, 100).Select(_ => new WindowUser(schedule: _schedule)).ToArray();
        foreach (var user in users) await user.PredictAsync();

        await _schedule.FlushAsync(_outage, TestContext.Current.CancellationToken);

        Assert.All(users, user => Assert.Equal(1, user.Storage.Writes));
        Assert.Equal(0, _schedule.Count);
        await users[0].PredictAsync();
        Assert.Equal((2, 1), (users[0].LastCount, _schedule.Count));
    }

    [Fact]
    public async Task Flush_OneUserCannotBeWritten_WritesTheOthers()
    {
        var users = Enumerable.Range(0, 100).Select(_ => new WindowUser(schedule: _schedule)).ToArray();
        foreach (var user in users) await user.PredictAsync();
        users[0].Storage.OnWrite = () => throw new InvalidOperationException("on purpose");

        await _schedule.FlushAsync(_outage, TestContext.Current.CancellationToken);

        Assert.Equal(0, users[0].Storage.Writes);
        Assert.All(users[1..], user => Assert.Equal(1, user.Storage.Writes));
    }

    [Fact]
    public async Task Flush_StorageDoesNotAnswer_AsksItForNobody()
    {
        var user = new WindowUser(schedule: _schedule);
        await user.PredictAsync();
        while (!_outage.IsPausing) _outage.OnFailed(new InvalidOperationException("on purpose"));

        await _schedule.FlushAsync(_outage, TestContext.Current.CancellationToken);

        Assert.Equal(0, user.Storage.Writes);
    }

    [Fact]
    public async Task Flush_TimeIsUp_EndsThoughAUserCannotWrite()
    {
        var (user, stored) = (new WindowUser(schedule: _schedule), new TaskCompletionSource());
        await user.PredictAsync();
        user.Storage.BeforeWrite = () => stored.Task;
        using var time = new CancellationTokenSource();
        var flush = _schedule.FlushAsync(_outage, time.Token);
        Assert.False(flush.IsCompleted);

        await time.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => flush);
        stored.SetResult();
    }

    [Fact]
    public async Task Add_UserWhoseTurnIsBusy_IsWrittenAfterIt()
    {
        var user = new WindowUser(schedule: _schedule);
        await user.PredictAsync();

        await user.TurnAsync(() =>
        {
            _time.Advance(SnapshotSchedule.Delay);
            Assert.Equal(0, user.Storage.Writes);
            return Task.CompletedTask;
        });

        await user.TurnAsync(user.Windows.DrainAsync);
        Assert.Equal(1, user.Storage.Writes);
    }

    [Fact]
    public async Task Add_UsersAtAboutTheSameTime_AreNotForgottenBetweenTwoSettingsOfTheTimer()
    {
        var users = Enumerable.Range(0, 20).Select(_ => new WindowUser(schedule: _schedule)).ToArray();
        foreach (var user in users)
        {
            await user.PredictAsync();
            _time.Advance(TimeSpan.FromMilliseconds(7));
        }

        await AdvanceAsync(SnapshotSchedule.Delay + Second, users);

        Assert.All(users, user => Assert.Equal(1, user.Storage.Writes));
    }

    [Fact]
    public async Task Add_ManyUsersFallDueTogether_FewWriteAtOnceAndAllInTheEnd()
    {
        var (users, storage) = await PredictAsync(100);

        _time.Advance(SnapshotSchedule.Delay);
        await PassAllTurnsAsync(users);
        _metrics.Collect();
        Assert.Equal((AtOnce, users.Length - AtOnce), (storage.Writing, (int)_metrics.Values("inference.snapshot.waiting")[^1]));

        storage.Open();
        await storage.AllWritten;
        await PassAllTurnsAsync(users);
        Assert.All(users, user => Assert.Equal(1, user.Storage.Writes));
        Assert.Equal((AtOnce, 0), (storage.MostAtOnce, _schedule.Count));
    }

    [Fact]
    public async Task Add_StorageIsSlow_HoldsNeitherTheTurnsOfThoseThatWriteNorOfThoseThatWait()
    {
        var (users, storage) = await PredictAsync(20);

        _time.Advance(SnapshotSchedule.Delay);
        await PassAllTurnsAsync(users);
        foreach (var user in users) await user.PredictAsync();

        Assert.All(users, user => Assert.Equal((2, 0), (user.LastCount, user.Storage.Writes)));
        await users[^1].TurnAsync(users[^1].Windows.DrainAsync);
        storage.Open();
        await storage.AllWritten;
    }

    [Fact]
    public async Task Flush_OthersWriteAlready_SharesTheirBound()
    {
        var (users, storage) = await PredictAsync(50);
        _time.Advance(SnapshotSchedule.Delay);
        var (late, _) = await PredictAsync(50, storage);

        var flush = _schedule.FlushAsync(_outage, TestContext.Current.CancellationToken);
        await PassAllTurnsAsync([.. users, .. late]);
        Assert.Equal((AtOnce, false), (storage.Writing, flush.IsCompleted));

        storage.Open();
        await flush;
        Assert.All([.. users, .. late], user => Assert.Equal(1, user.Storage.Writes));
        Assert.Equal(AtOnce, storage.MostAtOnce);
    }

    [Fact]
    public async Task Save_OthersWriteAlready_IsLeftToALaterEvent()
    {
        var user = new WindowUser(schedule: _schedule);
        for (var i = 0; i < AtOnce; i++) Assert.True(_schedule.TryBegin());
        for (var i = 0; i < SnapshotWriter.EventsBetween + 1; i++) await user.PredictAsync();
        Assert.Equal(0, user.Storage.Writes);

        _schedule.End();
        await user.PredictAsync();

        Assert.Equal(1, user.Storage.Writes);
    }

    [Fact]
    public async Task Stop_OthersWriteAlready_EndsAtOnceAndTheLogHasTheEvents()
    {
        var user = new WindowUser(schedule: _schedule);
        await user.PredictAsync();
        for (var i = 0; i < AtOnce; i++) Assert.True(_schedule.TryBegin());

        await user.StopAsync();
        user.Activate();
        await user.PredictAsync();

        Assert.Equal((0, 2), (user.Storage.Writes, user.LastCount));
    }

    public void Dispose() => _metrics.Dispose();

    private async Task<(WindowUser[] Users, SlowStorage Storage)> PredictAsync(int users, SlowStorage? storage = null)
    {
        storage ??= new SlowStorage();
        var all = Enumerable.Range(0, users).Select(_ => new WindowUser(schedule: _schedule)).ToArray();
        foreach (var user in all)
        {
            storage.Take(user.Storage);
            await user.PredictAsync();
        }

        return (all, storage);
    }

    // Who was called before this has begun to write after it: turns come in their order.
    private static Task PassAllTurnsAsync(IEnumerable<WindowUser> users) => Task.WhenAll(users.Select(user => user.TurnAsync(() => Task.CompletedTask)));

    private Task AdvanceAsync(TimeSpan time, params WindowUser[] users)
    {
        _time.Advance(time);
        return Task.WhenAll(users.Select(user => user.TurnAsync(user.Windows.DrainAsync)));
    }

    /// <summary>Grain storage that answers nobody until it is opened.</summary>
    private sealed class SlowStorage
    {
        private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _allWritten = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _users;
        private int _writing;
        private int _mostAtOnce;

        public int Writing => Volatile.Read(ref _writing);

        public int MostAtOnce => Volatile.Read(ref _mostAtOnce);

        /// <summary>Completes when each user has written.</summary>
        public Task AllWritten => _allWritten.Task.WaitAsync(Gate.Patience);

        public void Take(FakeGrainStorage storage)
        {
            _users++;
            storage.BeforeWrite = () =>
            {
                var now = Interlocked.Increment(ref _writing);
                for (var most = MostAtOnce; now > most; most = MostAtOnce) Interlocked.CompareExchange(ref _mostAtOnce, now, most);
                return _open.Task;
            };
            storage.OnWrite = () =>
            {
                Interlocked.Decrement(ref _writing);
                if (Interlocked.Decrement(ref _users) == 0) _allWritten.SetResult();
            };
        }

        public void Open() => _open.SetResult();
    }
}
