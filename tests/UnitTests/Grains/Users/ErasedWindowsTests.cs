using OrleansInference.Grains.Features.Windows;
using OrleansInference.Grains.Users;
using UnitTests.Fakes;

namespace UnitTests.Grains.Users;

/// <summary>What was on its way when a user was erased does not bring the user back.</summary>
public sealed class ErasedWindowsTests
{
    private const int Runs = 50;

    // The log's events are read first, then the history; the prediction that wanted them has ended meanwhile.
    [Fact]
    public async Task Erase_WindowsAreBeingLoaded_TheirEventsDoNotComeBack()
    {
        for (var run = 0; run < Runs; run++)
        {
            var user = new WindowUser(options => options.History = new EventHistoryOptions { ConnectionString = "x", Sql = "x" });
            await user.PredictAsync();
            await user.StopAsync(save: false);
            user.Activate();
            var (asked, answered) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource());
            user.History.OnRead = () =>
            {
                asked.SetResult();
                return answered.Task;
            };
            using var leaving = new CancellationTokenSource();
            var prediction = user.PredictAsync(leaving: leaving);
            await asked.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => prediction);
            user.History.OnRead = () => Task.CompletedTask;

            await user.EraseAsync();
            await user.CompleteAsync(answered);

            Assert.Empty(user.Windows.Loaded);
            await user.PredictAsync();
            await user.AwaitScheduledAsync();
            user.Activate();
            await user.PredictAsync();
            Assert.Equal(2, user.LastCount);
        }
    }

    // The removal has read that there is none, and a snapshot falls due before it goes on.
    [Fact]
    public async Task Erase_SnapshotFallsDueMeanwhile_IsNotWritten()
    {
        for (var run = 0; run < Runs; run++)
        {
            var user = new WindowUser();
            await user.PredictAsync();
            var (asked, answered) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource());
            user.Storage.AfterRead = () =>
            {
                asked.SetResult();
                return answered.Task;
            };
            var erasure = user.EraseAsync();
            await asked.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
            user.Storage.AfterRead = () => Task.CompletedTask;

            user.Advance(SnapshotSchedule.Delay);
            await user.TurnAsync(() => Task.CompletedTask);
            Assert.Equal(0, user.Scheduled);
            await user.CompleteAsync(answered);
            await erasure;

            Assert.Equal((true, 0), (user.Storage.IsEmpty, user.Storage.Writes));

            // The next one's is written as ever.
            await user.PredictAsync();
            await user.AwaitScheduledAsync();
            Assert.Equal(1, user.Storage.Writes);
        }
    }
}
