using OrleansInference;
using OrleansInference.Grains.Users;

namespace UnitTests.Grains.Users;

/// <summary>Grain storage that does not answer costs no prediction: the log has what a snapshot has.</summary>
public sealed class SnapshotOutageTests
{
    private readonly WindowUser _user = new();

    [Fact]
    public async Task Load_StorageFails_ReplaysTheLog()
    {
        await KeepAsync(_user, events: 3);
        Break(_user);

        _user.Activate();
        await _user.PredictAsync();

        Assert.Equal(4, _user.LastCount);
        Assert.Equal(1, _user.Metrics.Count("inference.snapshot.failures", "stage", "read"));
    }

    [Fact]
    public async Task Load_StorageDoesNotAnswer_ReplaysTheLogAtTheTimeout()
    {
        await KeepAsync(_user, events: 3);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _user.Storage.OnRead = () =>
        {
            asked.TrySetResult();
            return new TaskCompletionSource().Task;
        };

        _user.Activate();
        var predicting = _user.PredictAsync();
        await asked.Task;
        _user.Advance(_user.Snapshots.Value.ReadTimeout);
        await predicting;

        Assert.Equal(4, _user.LastCount);
    }

    [Fact]
    public async Task Load_LogKeepsLessThanTheWindowsReach_FailsInsteadOfCountingLess()
    {
        var user = new WindowUser(retention: TimeSpan.FromHours(1));
        await KeepAsync(user, events: 1);
        Break(user);

        user.Activate();
        var fault = await Assert.ThrowsAsync<InferenceException>(() => user.PredictAsync());

        Assert.Equal((InferenceErrorCode.StorageUnavailable, "The user's snapshot could not be read: grain storage does not answer. Retry."), (fault.Code, fault.Message));
    }

    [Fact]
    public async Task Load_LogKeepsMoreThanTheWindowsReach_ReplaysTheLog()
    {
        var user = new WindowUser(retention: TimeSpan.FromDays(3650));
        await KeepAsync(user, events: 1);
        Break(user);

        user.Activate();
        await user.PredictAsync();

        Assert.Equal(2, user.LastCount);
    }

    [Fact]
    public async Task Load_OutageLasts_IsAskedOnceAPauseAndToldOnce()
    {
        var calls = 0;
        _user.Storage.OnCall = () =>
        {
            calls++;
            throw new InvalidOperationException("on purpose");
        };
        for (var i = 0; i < 10; i++) await ComeBackAsync();
        var askedWhilePausing = calls;
        _user.Advance(_user.Snapshots.Value.PauseAfterFailure);
        for (var i = 0; i < 10; i++) await ComeBackAsync();

        Assert.Equal((3, 4), (askedWhilePausing, calls));
        Assert.Equal(20, _user.Metrics.Count("inference.snapshot.failures", "stage", "read"));
        Assert.StartsWith("Grain storage does not answer", Assert.Single(_user.OutageLog.Messages), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_StorageAnswersAgain_SaysSo()
    {
        Break(_user);
        for (var i = 0; i < 3; i++) await ComeBackAsync();
        _user.Storage.OnCall = () => { };
        _user.Advance(_user.Snapshots.Value.PauseAfterFailure);
        await ComeBackAsync();

        Assert.Equal("Grain storage answers again", _user.OutageLog.Messages.Last());
    }

    [Fact]
    public async Task Save_LoadedWhileStorageFailed_OverwritesTheOldSnapshotWhenItAnswers()
    {
        await KeepAsync(_user, events: 3);
        Break(_user);
        await ComeBackAsync();
        _user.Storage.OnCall = () => { };

        await _user.SaveAsync();

        Assert.Equal(2, _user.Storage.Writes);
        _user.Log.OnReadEvents = () => Assert.Equal(4, _user.Log.Released[WindowUser.Key]);
        await ComeBackAsync();
        Assert.Equal(5, _user.LastCount);
    }

    [Fact]
    public async Task Clear_StorageFails_IsUnavailable()
    {
        await KeepAsync(_user, events: 1);
        Break(_user);

        var fault = await Assert.ThrowsAsync<InferenceException>(() => _user.TurnAsync(_user.Windows.ClearAsync));

        Assert.Equal(InferenceErrorCode.StorageUnavailable, fault.Code);
    }

    private async Task ComeBackAsync()
    {
        _user.Activate();
        await _user.PredictAsync();
    }

    private static async Task KeepAsync(WindowUser user, int events)
    {
        for (var i = 0; i < events; i++) await user.PredictAsync();
        await user.SaveAsync();
    }

    private static void Break(WindowUser user) => user.Storage.OnCall = () => throw new InvalidOperationException("on purpose");
}
