using System.Collections.Concurrent;
using OrleansInference;
using OrleansInference.Grains.Models.Scheduling;
using UnitTests.Fakes;

namespace UnitTests.Grains.Models.Scheduling;

public sealed class InferenceThreadsTests
{
    // The test goes on elsewhere, so that it never disposes the threads from one of them.
    private const TaskCreationOptions Options = TaskCreationOptions.DenyChildAttach | TaskCreationOptions.RunContinuationsAsynchronously;

    [Fact]
    public async Task Add_AnyWork_RunsOnANamedThreadOutsideThePool()
    {
        using var threads = new InferenceThreads(2);

        var (name, pooled) = await Start(new InferenceTaskScheduler(threads, 2), () => (Thread.CurrentThread.Name, Thread.CurrentThread.IsThreadPoolThread));

        Assert.StartsWith("inference-", name, StringComparison.Ordinal);
        Assert.False(pooled);
    }

    [Fact]
    public async Task Add_SchedulerAtItsLimit_WaitsWhileThreadsAreIdle()
    {
        using var first = new Gate();
        using var second = new Gate();
        using var threads = new InferenceThreads(4);
        var limited = new InferenceTaskScheduler(threads, maxThreads: 2);
        var running = new[] { Start(limited, () => first.Pass(CancellationToken.None)), Start(limited, () => second.Pass(CancellationToken.None)) };
        await Task.WhenAll(first.Reached, second.Reached);

        var third = Start(limited, () => { });
        await Start(new InferenceTaskScheduler(threads, 4), () => { });

        AssertQueue(threads, limited, waiting: 1, running: 2);
        first.Open();
        await third;
        second.Open();
        await Task.WhenAll(running);
    }

    [Fact]
    public async Task Add_SchedulerBelowItsLimit_RunsAtTheSameTime()
    {
        using var first = new Gate();
        using var second = new Gate();
        using var threads = new InferenceThreads(2);
        var scheduler = new InferenceTaskScheduler(threads, maxThreads: 2);

        var running = new[] { Start(scheduler, () => first.Pass(CancellationToken.None)), Start(scheduler, () => second.Pass(CancellationToken.None)) };

        await Task.WhenAll(first.Reached, second.Reached);
        first.Open();
        second.Open();
        await Task.WhenAll(running);
    }

    [Fact]
    public async Task Add_FloodOfOneScheduler_TakesTurnsWithTheOther()
    {
        using var gate = new Gate();
        using var threads = new InferenceThreads(1);
        var (flood, other) = (new InferenceTaskScheduler(threads, 1), new InferenceTaskScheduler(threads, 1));
        var order = new ConcurrentQueue<string>();
        var work = new List<Task> { Start(flood, () => gate.Pass(CancellationToken.None)) };
        await gate.Reached;
        for (var i = 0; i < 50; i++) work.Add(Start(flood, () => order.Enqueue("flood")));
        for (var i = 0; i < 2; i++) work.Add(Start(other, () => order.Enqueue("other")));

        gate.Open();
        await Task.WhenAll(work);

        Assert.Equal(["other", "flood", "other", "flood", "flood"], order.Take(5));
    }

    [Fact]
    public async Task Add_OneScheduler_RunsFirstInFirstOut()
    {
        using var gate = new Gate();
        using var threads = new InferenceThreads(1);
        var scheduler = new InferenceTaskScheduler(threads, 1);
        var order = new ConcurrentQueue<int>();
        var work = new List<Task> { Start(scheduler, () => gate.Pass(CancellationToken.None)) };
        await gate.Reached;
        for (var i = 0; i < 100; i++)
        {
            var number = i;
            work.Add(Start(scheduler, () => order.Enqueue(number)));
        }

        gate.Open();
        await Task.WhenAll(work);

        Assert.Equal(Enumerable.Range(0, 100), order);
    }

    [Fact]
    public async Task Run_WorkThrows_ThreadLivesOn()
    {
        using var threads = new InferenceThreads(1);
        var scheduler = new InferenceTaskScheduler(threads, 1);
        var failing = Start(scheduler, () => throw new InvalidOperationException("on purpose"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => failing);

        var name = await Start(scheduler, () => Thread.CurrentThread.Name);

        Assert.Equal("inference-0", name);
    }

    [Fact]
    public async Task Dispose_WorkWaitsWithTheThreadsToken_IsCancelledAtOnce()
    {
        using var gate = new Gate();
        var threads = new InferenceThreads(1);
        var scheduler = new InferenceTaskScheduler(threads, 1);
        var running = Start(scheduler, () => gate.Pass(CancellationToken.None));
        await gate.Reached;
        var waiting = StartUntil(scheduler, () => { }, threads.Stopping);
        var disposing = Dispose(threads);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));

        gate.Open();
        Assert.True(disposing.Join(Gate.Patience));
        Assert.True(running.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Dispose_WorkWaitsWithoutTheThreadsToken_StillRuns()
    {
        using var gate = new Gate();
        var threads = new InferenceThreads(1);
        var scheduler = new InferenceTaskScheduler(threads, 1);
        _ = Start(scheduler, () => gate.Pass(CancellationToken.None));
        await gate.Reached;
        var waiting = Enumerable.Range(0, 10).Select(_ => Start(scheduler, () => { })).ToArray();

        var disposing = Dispose(threads);

        gate.Open();
        Assert.True(disposing.Join(Gate.Patience));
        Assert.All(waiting, task => Assert.True(task.IsCompletedSuccessfully));
    }

    [Fact]
    public void Add_AfterDispose_IsRefusedAsNotReady()
    {
        var threads = new InferenceThreads(1);
        var scheduler = new InferenceTaskScheduler(threads, 1);
        threads.Dispose();
        var task = new Task(() => { });

        var refusal = Assert.Throws<TaskSchedulerException>(() => task.Start(scheduler));

        Assert.Equal(InferenceErrorCode.NotReady, Assert.IsType<InferenceException>(refusal.InnerException).Code);
    }

    [Fact]
    public async Task Remove_CancelledWork_EndsAtOnceAndLeavesTheQueue()
    {
        using var gate = new Gate();
        using var cancellation = new CancellationTokenSource();
        using var threads = new InferenceThreads(1);
        var scheduler = new InferenceTaskScheduler(threads, 1);
        var running = Start(scheduler, () => gate.Pass(CancellationToken.None));
        await gate.Reached;
        var waiting = StartUntil(scheduler, () => { }, cancellation.Token);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));
        AssertQueue(threads, scheduler, waiting: 0, running: 1);
        gate.Open();
        await running;
    }

    [Fact]
    public async Task Remove_TheOnlyWorkOfAReadyScheduler_LeavesTheThreadsToTheOthers()
    {
        using var gate = new Gate();
        using var cancellation = new CancellationTokenSource();
        using var threads = new InferenceThreads(1);
        var (cancelled, other) = (new InferenceTaskScheduler(threads, 1), new InferenceTaskScheduler(threads, 1));
        var running = Start(other, () => gate.Pass(CancellationToken.None));
        await gate.Reached;
        _ = StartUntil(cancelled, () => { }, cancellation.Token);
        await cancellation.CancelAsync();

        gate.Open();

        await running;
        await Start(other, () => { });
    }

    [Fact]
    public void Constructor_NoThreads_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => new InferenceThreads(0));

    [Fact]
    public async Task Add_ManyProducersAndSchedulers_RunsEachTaskExactlyOnceWithinTheLimits()
    {
        const int Producers = 8;
        const int TasksEach = 2_500;
        using var threads = new InferenceThreads(3);
        var schedulers = Enumerable.Range(1, 3).Select(limit => new InferenceTaskScheduler(threads, limit)).ToArray();
        var runs = new int[Producers * TasksEach];
        var running = new int[schedulers.Length];
        var exceeded = 0;
        using var start = new Barrier(Producers);

        void Produce(int producer, List<Task> work)
        {
            start.SignalAndWait();
            for (var i = 0; i < TasksEach; i++)
            {
                var (id, which) = (producer * TasksEach + i, i % schedulers.Length);
                work.Add(Start(schedulers[which], () =>
                {
                    if (Interlocked.Increment(ref running[which]) > schedulers[which].MaxThreads) Interlocked.Increment(ref exceeded);
                    Interlocked.Increment(ref runs[id]);
                    Interlocked.Decrement(ref running[which]);
                }));
            }
        }

        var tasks = Enumerable.Range(0, Producers).Select(_ => new List<Task>(TasksEach)).ToArray();
        var producers = tasks.Select((work, producer) => new Thread(() => Produce(producer, work))).ToArray();
        foreach (var producer in producers) producer.Start();
        foreach (var producer in producers) producer.Join();
        await Task.WhenAll(tasks.SelectMany(work => work)).WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        Assert.All(runs, count => Assert.Equal(1, count));
        Assert.Equal(0, exceeded);
    }

    [Fact]
    public async Task TryQueueSpare_NothingElseToDo_RunsOnAnInferenceThread()
    {
        using var threads = new InferenceThreads(1);
        var name = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);

        Assert.True(threads.TryQueueSpare(_ => name.SetResult(Thread.CurrentThread.Name)));

        Assert.Equal("inference-0", await name.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task TryQueueSpare_OtherWorkIsReady_RunsAfterIt()
    {
        using var gate = new Gate();
        using var threads = new InferenceThreads(1);
        var scheduler = new InferenceTaskScheduler(threads, 1);
        var order = new ConcurrentQueue<string>();
        var spared = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = Start(scheduler, () => gate.Pass(CancellationToken.None));
        await gate.Reached;
        threads.TryQueueSpare(_ =>
        {
            order.Enqueue("spare");
            spared.SetResult();
        });
        for (var i = 0; i < 3; i++) _ = Start(scheduler, () => order.Enqueue("work"));

        gate.Open();
        await spared.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        Assert.Equal(["work", "work", "work", "spare"], order);
    }

    [Fact]
    public async Task Add_SpareWorkHoldsTheOnlyThread_IsToldToStop()
    {
        using var gate = new Gate();
        using var threads = new InferenceThreads(1);
        var ended = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        threads.TryQueueSpare(wanted =>
        {
            // The gate is never opened: only the token ends the wait.
            ended.SetResult(Record.Exception(() => gate.Pass(wanted)) is OperationCanceledException);
        });
        await gate.Reached;

        await Start(new InferenceTaskScheduler(threads, 1), () => { }).WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        Assert.True(await ended.Task);
    }

    [Fact]
    public async Task Add_AnotherThreadIsIdle_SpareWorkGoesOn()
    {
        using var gate = new Gate();
        using var threads = new InferenceThreads(2);
        var wasWanted = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        threads.TryQueueSpare(wanted =>
        {
            gate.Pass(CancellationToken.None);
            wasWanted.SetResult(wanted.IsCancellationRequested);
        });
        await gate.Reached;

        await Start(new InferenceTaskScheduler(threads, 2), () => { });

        gate.Open();
        Assert.False(await wasWanted.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task TryQueueSpare_SeveralThreads_LeavesOneIdle()
    {
        using var gate = new Gate();
        using var threads = new InferenceThreads(2);
        var second = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        threads.TryQueueSpare(_ => gate.Pass(CancellationToken.None));
        await gate.Reached;
        threads.TryQueueSpare(_ => second.SetResult());

        await Start(new InferenceTaskScheduler(threads, 2), () => { });

        Assert.False(second.Task.IsCompleted);
        gate.Open();
        await second.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task TryQueueSpare_ManyWait_RefusesFurtherOnes()
    {
        using var gate = new Gate();
        using var threads = new InferenceThreads(1);
        threads.TryQueueSpare(_ => gate.Pass(CancellationToken.None));
        await gate.Reached;

        var taken = Enumerable.Range(0, 65).Select(_ => threads.TryQueueSpare(_ => { })).ToArray();

        Assert.Equal([.. Enumerable.Repeat(true, 64), false], taken);
        gate.Open();
    }

    [Fact]
    public async Task TryQueueSpare_WorkThrows_ThreadLivesOn()
    {
        using var threads = new InferenceThreads(1);
        threads.TryQueueSpare(_ => throw new InvalidOperationException("on purpose"));

        Assert.Equal("inference-0", await Start(new InferenceTaskScheduler(threads, 1), () => Thread.CurrentThread.Name));
    }

    [Fact]
    public async Task Dispose_SpareWorkWaits_IsCalledAsNotWanted()
    {
        using var gate = new Gate();
        var threads = new InferenceThreads(1);
        var isCancelled = false;
        _ = Start(new InferenceTaskScheduler(threads, 1), () => gate.Pass(CancellationToken.None));
        await gate.Reached;
        threads.TryQueueSpare(wanted => isCancelled = wanted.IsCancellationRequested);
        var disposing = Dispose(threads);

        gate.Open();

        Assert.True(disposing.Join(Gate.Patience));
        Assert.True(isCancelled);
        Assert.False(threads.TryQueueSpare(_ => { }));
    }

    [Fact]
    public async Task IdleCount_SomeRun_IsTheRest()
    {
        using var gate = new Gate();
        using var threads = new InferenceThreads(3);
        var running = Start(new InferenceTaskScheduler(threads, 3), () => gate.Pass(CancellationToken.None));
        await gate.Reached;

        Assert.Equal(2, threads.IdleCount);

        gate.Open();
        await running;
    }

    private static Thread Dispose(InferenceThreads threads)
    {
        var disposing = new Thread(threads.Dispose);
        disposing.Start();
        threads.Stopping.WaitHandle.WaitOne(Gate.Patience);
        return disposing;
    }

    private static void AssertQueue(InferenceThreads threads, InferenceTaskScheduler scheduler, int waiting, int running) =>
        Assert.Equal((waiting, running), (threads.Snapshot(scheduler).Count, scheduler.Running));

    private static Task Start(TaskScheduler scheduler, Action work) =>
        Task.Factory.StartNew(work, CancellationToken.None, Options, scheduler);

    private static Task StartUntil(TaskScheduler scheduler, Action work, CancellationToken cancellationToken)
    {
        var task = new Task(work, cancellationToken, Options);
        task.Start(scheduler);
        return task;
    }

    private static Task<T> Start<T>(TaskScheduler scheduler, Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, Options, scheduler);
}
