using OrleansInference.Grains.Models.Scheduling;

namespace UnitTests.Grains.Models.Scheduling;

public sealed class InferenceTaskSchedulerTests : IDisposable
{
    private readonly InferenceThreads _threads = new(2);

    public void Dispose() => _threads.Dispose();

    [Fact]
    public void RunSynchronously_OnAnotherThread_RunsOnAnInferenceThread()
    {
        var ran = "";
        var task = new Task(() => ran = Thread.CurrentThread.Name);

        task.RunSynchronously(new InferenceTaskScheduler(_threads, 2));

        Assert.StartsWith("inference-", ran, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunSynchronously_OnAnInferenceThread_RunsThere()
    {
        var scheduler = new InferenceTaskScheduler(_threads, 2);

        var (outer, inner) = await Task.Factory.StartNew(
            () =>
            {
                var ran = "";
                new Task(() => ran = Thread.CurrentThread.Name).RunSynchronously(scheduler);
                return (Thread.CurrentThread.Name, ran);
            },
            CancellationToken.None,
            TaskCreationOptions.RunContinuationsAsynchronously,
            scheduler);

        Assert.Equal(outer, inner);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(99, 2)]
    public void MaxThreads_AnyLimit_IsBetweenOneAndTheThreads(int limit, int expected)
    {
        var scheduler = new InferenceTaskScheduler(_threads, limit);

        Assert.Equal((expected, expected), (scheduler.MaxThreads, scheduler.MaximumConcurrencyLevel));
    }
}
