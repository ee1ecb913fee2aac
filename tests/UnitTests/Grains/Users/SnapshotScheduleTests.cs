using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrleansInference.Grains.Users;
using UnitTests.Fakes;

namespace UnitTests.Grains.Users;

/// <summary>Many users share one timer, and each has the time of its own first event.</summary>
public sealed class SnapshotScheduleTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly SnapshotSchedule _schedule;

    private readonly SnapshotOutage _outage;

    public SnapshotScheduleTests()
    {
        _schedule = new SnapshotSchedule(_time);
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

    private Task AdvanceAsync(TimeSpan time, params WindowUser[] users)
    {
        _time.Advance(time);
        return Task.WhenAll(users.Select(user => user.TurnAsync(user.Windows.DrainAsync)));
    }
}
