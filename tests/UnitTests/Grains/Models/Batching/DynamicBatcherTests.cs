using OrleansInference;
using OrleansInference.Grains.Models.Batching;
using OrleansInference.Grains.Models.Scheduling;
using UnitTests.Fakes;
using static UnitTests.Fakes.ServedVersionBuilder;

namespace UnitTests.Grains.Models.Batching;

/// <summary>The batcher's promises, asked through the version that holds it.</summary>
public sealed class DynamicBatcherTests : IDisposable
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private readonly ServedVersionBuilder _served = new();

    public void Dispose() => _served.Dispose();

    [Fact]
    public async Task InferAsync_LoneRequestOnAnIdleThread_WaitsForNothing()
    {
        var response = await _served.InferAsync(Rows(3), Stop).WaitAsync(Gate.Patience, Stop);

        AssertValues(response, 3);
        AssertBatches([1]);
    }

    [Fact]
    public async Task InferAsync_AllThreadsBusy_GathersAndAnswersEachItsOwn()
    {
        var (gate, running) = await _served.HoldAThreadAsync();
        var waiting = new[] { _served.InferAsync(Rows(1), Stop), _served.InferAsync(Rows(2), Stop), _served.InferAsync(Rows(3), Stop) };

        gate.Open();

        Assert.Equal([[1], [2], [3]], (await Task.WhenAll(waiting)).Select(Values));
        await running;
        AssertBatches([1], [1, 1, 1]);
    }

    [Fact]
    public async Task InferAsync_MoreThanOneBatch_LeavesFirstInFirstOut()
    {
        var (gate, _) = await _served.HoldAThreadAsync();
        var order = new List<float>();
        _served.Session.OnRun = (inputs, _) => order.AddRange(inputs.Select(input => input.Elements<float>()[0]));
        var waiting = Enumerable.Range(0, 10).Select(i => _served.InferAsync(Rows(i))).ToArray();

        gate.Open();
        await Task.WhenAll(waiting);

        Assert.Equal(Enumerable.Range(0, 10).Select(i => (float)i), order);
        AssertBatches([1], [1, 1, 1, 1], [1, 1, 1, 1], [1, 1]);
    }

    [Fact]
    public async Task InferAsync_RequestsOfSeveralRows_AreCountedInRowsAndNeverTorn()
    {
        var (gate, _) = await _served.HoldAThreadAsync();
        var waiting = new[] { _served.InferAsync(Rows(1, 2), Stop), _served.InferAsync(Rows(3, 4, 5), Stop), _served.InferAsync(Rows(6), Stop) };

        gate.Open();

        Assert.Equal([[1, 2], [3, 4, 5], [6]], (await Task.WhenAll(waiting)).Select(Values));
        AssertBatches([1], [2], [3, 1]);
    }

    [Fact]
    public async Task InferAsync_OtherShapes_NeverShareABatch()
    {
        _served.Session = new FakeModelSession(new TensorMetadata("x", TensorDatatype.FP32, [-1, -1]));
        var (gate, _) = await _served.HoldAThreadAsync();
        var waiting = new[] { Wide(1), Wide(2), Wide(1), Wide(2) }.Select(request => _served.InferAsync(request)).ToArray();

        gate.Open();
        var responses = await Task.WhenAll(waiting);

        Assert.Equal([1, 2, 1, 2], responses.Select(response => response.Outputs.Single().Shape[1]));
        AssertBatches([1], [1, 1], [1, 1]);
    }

    [Fact]
    public async Task InferAsync_MoreRowsThanABatch_IsSplitAndJoinedInOrder()
    {
        var (gate, _) = await _served.HoldAThreadAsync();
        var large = _served.InferAsync(Rows(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), Stop);
        var small = _served.InferAsync(Rows(11), Stop);

        gate.Open();

        AssertValues(await large, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        Assert.Equal(10, (await large).Outputs.Single().Shape[0]);
        AssertValues(await small, 11);
        AssertBatches([1], [4], [4], [2, 1]);
    }

    [Fact]
    public async Task InferAsync_MoreRowsThanABatch_RunsOnSeveralThreadsAtOnce()
    {
        _served.ThreadCount = 2;
        using var both = new Barrier(2);
        _served.Session.OnRun = (_, cancellationToken) => Assert.True(both.SignalAndWait(Gate.Patience, cancellationToken));

        var response = await _served.InferAsync(Rows(1, 2, 3, 4, 5, 6, 7, 8), Stop);

        AssertValues(response, 1, 2, 3, 4, 5, 6, 7, 8);
    }

    [Fact]
    public async Task InferAsync_OnePartFails_FailsTheRequestAndStartsNoMoreOfIt()
    {
        _served.Session.OnRun = (_, _) => throw new InferenceException(InferenceErrorCode.ModelFailed, "on purpose");

        var failure = await Assert.ThrowsAsync<InferenceException>(() => _served.InferAsync(Rows(1, 2, 3, 4, 5, 6, 7, 8, 9), Stop));

        Assert.Equal("on purpose", failure.Message);
        await _served.DrainAsync();
        AssertBatches([4]);
        AssertQueueIsEmpty();
    }

    [Fact]
    public async Task InferAsync_NoRows_RunsAlone()
    {
        var (gate, _) = await _served.HoldAThreadAsync();
        var waiting = new[] { _served.InferAsync(Rows(1), Stop), _served.InferAsync(Rows(), Stop), _served.InferAsync(Rows(2), Stop) };

        gate.Open();

        Assert.Equal([[1], [], [2]], (await Task.WhenAll(waiting)).Select(Values));
        AssertBatches([1], [1, 1], [0]);
    }

    [Fact]
    public async Task InferAsync_MaxQueueDelay_LeavesWhenTheOldestHasWaitedThatLong()
    {
        _served.Batching = new BatchingOptions { MaxBatchSize = 4, MaxQueueDelay = TimeSpan.FromMilliseconds(10) };
        var first = _served.InferAsync(Rows(1), Stop);
        _served.Time.Advance(TimeSpan.FromMilliseconds(9));
        var second = _served.InferAsync(Rows(2), Stop);
        Assert.Equal(2, _served.Version.Batcher.WaitingRows);

        _served.Time.Advance(TimeSpan.FromMilliseconds(1));

        await Task.WhenAll(first, second).WaitAsync(Gate.Patience, Stop);
        AssertBatches([1, 1]);
    }

    [Fact]
    public async Task InferAsync_MaxQueueDelayButABatchIsFull_LeavesAtOnce()
    {
        _served.Batching = new BatchingOptions { MaxBatchSize = 2, MaxQueueDelay = TimeSpan.FromHours(1) };

        await Task.WhenAll(_served.InferAsync(Rows(1), Stop), _served.InferAsync(Rows(2), Stop)).WaitAsync(Gate.Patience, Stop);

        AssertBatches([1, 1]);
    }

    [Fact]
    public async Task InferAsync_MaxQueueDelayAndTheOldestLeaves_TheNextWaitsItsOwnDelay()
    {
        _served.Batching = new BatchingOptions { MaxBatchSize = 4, MaxQueueDelay = TimeSpan.FromMilliseconds(10) };
        using var leaving = new CancellationTokenSource();
        var left = _served.InferAsync(Rows(1), leaving.Token);
        _served.Time.Advance(TimeSpan.FromMilliseconds(5));
        var stays = _served.InferAsync(Rows(2), Stop);
        await leaving.CancelAsync();
        _served.Time.Advance(TimeSpan.FromMilliseconds(5));
        var joins = _served.InferAsync(Rows(3), Stop);

        _served.Time.Advance(TimeSpan.FromMilliseconds(5));

        await Task.WhenAll(stays, joins).WaitAsync(Gate.Patience, Stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        AssertBatches([1, 1]);
    }

    [Fact]
    public async Task InferAsync_JoinedRunFails_OnlyTheGuiltyOneFails()
    {
        var (gate, _) = await _served.HoldAThreadAsync();
        _served.Session.OnRun = (inputs, _) =>
        {
            if (inputs.Any(input => input.Elements<float>()[0] == 13)) throw new InferenceException(InferenceErrorCode.ModelFailed, "13");
        };
        var waiting = new[] { _served.InferAsync(Rows(1), Stop), _served.InferAsync(Rows(13), Stop), _served.InferAsync(Rows(2), Stop) };

        gate.Open();

        AssertValues(await waiting[0], 1);
        Assert.Equal("13", (await Assert.ThrowsAsync<InferenceException>(() => waiting[1])).Message);
        AssertValues(await waiting[2], 2);
        AssertBatches([1], [1, 1, 1], [1], [1], [1]);
    }

    [Fact]
    public async Task InferAsync_SessionThrowsSomethingElse_IsToldAsModelFailed()
    {
        _served.Session.OnRun = (_, _) => throw new InvalidOperationException("on purpose");

        var failure = await Assert.ThrowsAsync<InferenceException>(() => _served.InferAsync(Rows(1), Stop));

        Assert.Equal((InferenceErrorCode.ModelFailed, "The model failed on this input: on purpose"), (failure.Code, failure.Message));
    }

    [Fact]
    public async Task InferAsync_ModelWithoutABatchDimension_RunsOneByOne()
    {
        _served.Session = new FakeModelSession(new TensorMetadata("x", TensorDatatype.FP32, [1, 1]));
        var (gate, _) = await _served.HoldAThreadAsync();
        var waiting = new[] { _served.InferAsync(Rows(1), Stop), _served.InferAsync(Rows(2), Stop) };

        gate.Open();

        Assert.Equal([[1], [2]], (await Task.WhenAll(waiting)).Select(Values));
        AssertBatches([1], [1], [1]);
    }

    [Fact]
    public async Task InferAsync_MaxBatchSizeOfOne_RunsEachRequestWhole()
    {
        _served.Batching = new BatchingOptions { MaxBatchSize = 1 };

        AssertValues(await _served.InferAsync(Rows(1, 2, 3), Stop), 1, 2, 3);

        AssertBatches([3]);
        Assert.Equal(0, _served.Version.MaxBatchSize);
    }

    [Fact]
    public async Task InferAsync_OutputsWithoutTheRowsFirst_RunSinglyFromThenOnAndTellItOnce()
    {
        var logger = new FakeLogger();
        _served.Logger = logger;
        var (gate, _) = await _served.HoldAThreadAsync();
        _served.Session.HasRowsFirst = false;
        var waiting = new[] { _served.InferAsync(Rows(1), Stop), _served.InferAsync(Rows(2), Stop) };
        gate.Open();
        Assert.Equal([[1], [2]], (await Task.WhenAll(waiting)).Select(Values));

        await _served.InferAsync(Rows(1, 2, 3, 4, 5, 6), Stop);

        await _served.DrainAsync();
        Assert.Equal([6], _served.Session.Batches[^1]);
        Assert.StartsWith("Model fraud/7 does not answer with the batch's rows first", Assert.Single(logger.Messages), StringComparison.Ordinal);
    }

    [Fact]
    public async Task InferAsync_PartsWithoutTheRowsFirst_RunsTheRequestWholeOnce()
    {
        _served.Session.HasRowsFirst = false;

        var response = await _served.InferAsync(Rows(1, 2, 3, 4, 5, 6), Stop);

        AssertValues(response, 1, 2, 3, 4, 5, 6);
        await _served.DrainAsync();
        AssertBatches([4], [6]);
        AssertQueueIsEmpty();
    }

    [Fact]
    public async Task InferAsync_CancelledInTheQueue_LeavesAtOnceAndNeverStarts()
    {
        var (gate, running) = await _served.HoldAThreadAsync();
        using var leaving = new CancellationTokenSource();
        var left = _served.InferAsync(Rows(1), leaving.Token);
        var stays = _served.InferAsync(Rows(2), Stop);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left.WaitAsync(Gate.Patience, Stop));
        Assert.Equal(1, _served.Version.Batcher.WaitingRows);
        gate.Open();
        await Task.WhenAll(running, stays);
        AssertBatches([1], [1]);
    }

    [Fact]
    public async Task InferAsync_DeadlineInTheQueue_AnswersAtThatMomentAndNeverStarts()
    {
        var (gate, running) = await _served.HoldAThreadAsync();
        var late = _served.InferAsync(Rows(1) with { Timeout = TimeSpan.FromMilliseconds(50) }, Stop);

        _served.Time.Advance(TimeSpan.FromMilliseconds(50));

        var failure = await Assert.ThrowsAsync<InferenceException>(() => late.WaitAsync(Gate.Patience, Stop));
        Assert.Equal(InferenceErrorCode.DeadlineExceeded, failure.Code);
        Assert.Equal(
            "fraud/7 did not answer within the 50 ms that the request gave it. Give it more time, send fewer rows, or add inference threads or silos.", failure.Message);
        Assert.False(running.IsCompleted);
        gate.Open();
        await running;
        await _served.DrainAsync();
        AssertBatches([1]);
    }

    [Fact]
    public async Task InferAsync_CancelledWhileItsBatchRuns_AnswersAtOnceAndSparesTheNeighbours()
    {
        var (blocker, _) = await _served.HoldAThreadAsync();
        using var leaving = new CancellationTokenSource();
        using var inBatch = new Gate();
        _served.Session.OnRun = (_, cancellationToken) => inBatch.Pass(cancellationToken);
        var left = _served.InferAsync(Rows(1), leaving.Token);
        var stays = _served.InferAsync(Rows(2), Stop);
        blocker.Open();
        await inBatch.Reached;

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left.WaitAsync(Gate.Patience, Stop));
        Assert.False(stays.IsCompleted);
        inBatch.Open();
        AssertValues(await stays, 2);
        AssertBatches([1], [1, 1]);
    }

    [Fact]
    public async Task InferAsync_AllOfARunningBatchAreGone_EndsTheRun()
    {
        var (blocker, _) = await _served.HoldAThreadAsync();
        using var leaving = new CancellationTokenSource();
        using var inBatch = new Gate();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _served.Session.OnRun = (_, cancellationToken) =>
        {
            using var told = cancellationToken.Register(() => ended.TrySetResult());
            inBatch.Pass(cancellationToken);
        };
        var late = _served.InferAsync(Rows(1) with { Timeout = TimeSpan.FromMilliseconds(50) }, Stop);
        var left = _served.InferAsync(Rows(2), leaving.Token);
        blocker.Open();
        await inBatch.Reached;
        _served.Time.Advance(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAsync<InferenceException>(() => late.WaitAsync(Gate.Patience, Stop));
        Assert.False(ended.Task.IsCompleted);

        await leaving.CancelAsync();

        await ended.Task.WaitAsync(Gate.Patience, Stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
    }

    [Fact]
    public async Task InferAsync_QueueFull_IsRejectedAtOnceWithTheTimeToRetryAfter()
    {
        _served.Batching = new BatchingOptions { MaxBatchSize = 4, MaxQueueLength = 4 };
        _served.Session.OnRun = (_, _) => _served.Time.Advance(TimeSpan.FromMilliseconds(9));
        await _served.InferAsync(Rows(1), Stop);
        var (gate, _) = await _served.HoldAThreadAsync();
        _served.Session.OnRun = (_, _) => { };
        var waiting = new[] { _served.InferAsync(Rows(1), Stop), _served.InferAsync(Rows(2, 3), Stop) };

        var failure = await Assert.ThrowsAsync<InferenceException>(() => _served.InferAsync(Rows(4, 5), Stop));

        // The first estimate is 1 ms a row; a row of 9 ms moves it by an eighth, to 2 ms; three wait, for one thread.
        Assert.Equal((InferenceErrorCode.QueueFull, TimeSpan.FromMilliseconds(6)), (failure.Code, failure.RetryAfter));
        Assert.Equal(
            "The queue of fraud/7 is full (batching.maxQueueLength = 4 rows; 3 wait, the request has 2). Raise batching.maxQueueLength in models/fraud/model.json, add silos, or slow the callers.",
            failure.Message);
        var fits = _served.InferAsync(Rows(6), Stop);
        gate.Open();
        await Task.WhenAll([.. waiting, fits]);
    }

    [Fact]
    public async Task InferAsync_MoreRowsThanTheQueueTakes_IsInvalidInput()
    {
        _served.Batching = new BatchingOptions { MaxBatchSize = 4, MaxQueueLength = 5 };

        var failure = await Assert.ThrowsAsync<InferenceException>(() => _served.InferAsync(Rows(1, 2, 3, 4, 5, 6), Stop));

        Assert.Equal(InferenceErrorCode.InvalidInput, failure.Code);
        Assert.Equal(
            "The request has 6 rows, but the queue of fraud/7 takes 5 at most (batching.maxQueueLength). Send it in several requests, or raise batching.maxQueueLength in models/fraud/model.json.",
            failure.Message);
    }

    [Fact]
    public async Task InferAsync_InteractiveBehindBulk_GoesFirst()
    {
        var (gate, _) = await _served.HoldAThreadAsync();
        var order = new List<float>();
        _served.Session.OnRun = (inputs, _) => order.AddRange(inputs.Select(input => input.Elements<float>()[0]));
        var waiting = new[] { _served.InferAsync(Bulk(1), Stop), _served.InferAsync(Rows(2), Stop), _served.InferAsync(Bulk(3), Stop), _served.InferAsync(Rows(4), Stop) };

        gate.Open();
        await Task.WhenAll(waiting);

        Assert.Equal([2, 4, 1, 3], order);
    }

    [Fact]
    public async Task InferAsync_BulkBehindManyInteractive_GetsATurnAfterEight()
    {
        _served.Batching = new BatchingOptions { MaxBatchSize = 2 };
        var (gate, _) = await _served.HoldAThreadAsync();
        var order = new List<float>();
        _served.Session.OnRun = (inputs, _) => order.Add(inputs[0].Elements<float>()[0]);
        var bulk = _served.InferAsync(Bulk(-2), Stop);
        var interactive = Enumerable.Range(0, 12).Select(i => _served.InferAsync(Rows(i, i))).ToArray();

        gate.Open();
        await Task.WhenAll([bulk, .. interactive]);

        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, -2, 8, 9, 10, 11], order);
    }

    [Fact]
    public async Task InferAsync_MaxQueueDelayBehindBulkThatMayNotRun_WaitsItsOwnDelayAndNotForTheBulkRun()
    {
        (_served.ThreadCount, _served.Batching) = (2, new BatchingOptions { MaxBatchSize = 4, MaxQueueDelay = TimeSpan.FromMilliseconds(5) });
        await _served.InferAsync(Rows(1, 1, 1, 1), Stop);
        using var bulkRun = new Gate();
        _served.Session.OnRun = (inputs, cancellationToken) =>
        {
            if (inputs[0].Elements<float>()[0] < 0) bulkRun.Pass(cancellationToken);
        };
        var runs = _served.InferAsync(Bulk(-1, -1, -1, -1), Stop);
        await bulkRun.Reached;
        var waits = _served.InferAsync(Bulk(2), Stop);
        _served.Time.Advance(TimeSpan.FromMilliseconds(6));

        var interactive = _served.InferAsync(Rows(3), Stop);
        await IdleThreadHasLookedAsync();
        _served.Time.Advance(TimeSpan.FromMilliseconds(5));

        AssertValues(await interactive.WaitAsync(Gate.Patience, Stop), 3);
        Assert.Equal((false, false), (runs.IsCompleted, waits.IsCompleted));
        bulkRun.Open();
        await Task.WhenAll(runs, waits).WaitAsync(Gate.Patience, Stop);
    }

    [Fact]
    public async Task InferAsync_FloodOfBulk_LeavesTheInteractiveMedianWithinTwoTimes()
    {
        _served.Batching = new BatchingOptions { MaxBatchSize = 64 };
        var (time, askedAt, waits, asked) = (_served.Time, new Queue<long>(), new List<TimeSpan>(), new List<Task>());
        _served.Session.OnRun = (inputs, _) =>
        {
            // As a 32-1024-1024-512-1 perceptron has it: 150 us for a row, and 40 for each further one.
            var isBulk = inputs[0].Elements<float>()[0] < 0;
            var half = TimeSpan.FromMicroseconds((110 + 40 * (isBulk ? RowsOfLastRun() : 1)) / 2);
            time.Advance(half);
            if (isBulk) Ask();
            time.Advance(half);
            if (!isBulk) waits.Add(time.GetElapsedTime(askedAt.Dequeue()));
        };

        // Somebody asks in the middle of each bulk run, when the answer to the one before has long been there.
        void Ask()
        {
            askedAt.Enqueue(time.GetTimestamp());
            asked.Add(_served.InferAsync(Rows(1)));
        }

        int RowsOfLastRun() => _served.Session.Batches[^1].Sum();

        var flood = Enumerable.Range(0, 20).Select(_ => _served.InferAsync(Bulk([.. Enumerable.Repeat(-1f, 64)]))).ToArray();
        await Task.WhenAll(flood).WaitAsync(Gate.Patience, Stop);
        await Task.WhenAll(asked);

        Assert.InRange(waits.Order().ElementAt(waits.Count / 2), TimeSpan.FromMicroseconds(150), TimeSpan.FromMicroseconds(2 * 150));
    }

    [Fact]
    public async Task Dispose_RequestsWait_FailsThemAsNotReadyAndAnswersWhatRuns()
    {
        var (gate, running) = await _served.HoldAThreadAsync();
        var waiting = _served.InferAsync(Rows(1), Stop);

        _served.Version.Dispose();

        Assert.Equal(InferenceErrorCode.NotReady, (await Assert.ThrowsAsync<InferenceException>(() => waiting.WaitAsync(Gate.Patience, Stop))).Code);
        Assert.Equal(InferenceErrorCode.NotReady, (await Assert.ThrowsAsync<InferenceException>(() => _served.InferAsync(Rows(2), Stop))).Code);
        Assert.False(_served.Session.Disposed);
        gate.Open();
        AssertValues(await running, -1);
        await _served.DrainAsync();
        Assert.Equal((true, false), (_served.Session.Disposed, _served.Session.DisposedWhileRunning));
    }

    [Fact]
    public async Task Threads_End_NobodyWaitsForever()
    {
        var (gate, running) = await _served.HoldAThreadAsync();
        var waiting = _served.InferAsync(Rows(1), Stop);
        var ending = Task.Run(_served.Threads.Dispose, Stop);

        Assert.Equal(InferenceErrorCode.NotReady, (await Assert.ThrowsAsync<InferenceException>(() => waiting.WaitAsync(Gate.Patience, Stop))).Code);

        gate.Open();
        AssertValues(await running, -1);
        await ending.WaitAsync(Gate.Patience, Stop);
    }

    // One thread is idle, and takes what was asked of it in turn.
    private Task IdleThreadHasLookedAsync() =>
        Task.Factory.StartNew(() => { }, Stop, TaskCreationOptions.None, new InferenceTaskScheduler(_served.Threads, 1)).WaitAsync(Gate.Patience, Stop);

    private static InferenceRequest Bulk(params float[] values) => Rows(values) with { Priority = InferencePriority.Bulk };

    private static InferenceRequest Wide(int columns) => new() { Inputs = [Tensor.Create<float>("x", TensorDatatype.FP32, [1, columns], new float[columns])] };

    private static void AssertValues(InferenceResponse response, params float[] expected) => Assert.Equal(expected, Values(response));

    private void AssertBatches(params int[][] expected) => Assert.Equal(expected, _served.Session.Batches);

    private void AssertQueueIsEmpty() => Assert.Equal((0, 0), (_served.Version.Batcher.WaitingRows, _served.Version.Batcher.RunningCount));
}
