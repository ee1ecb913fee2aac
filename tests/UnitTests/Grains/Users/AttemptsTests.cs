using OrleansInference;
using OrleansInference.Grains.Users;
using UnitTests.Fakes;

namespace UnitTests.Grains.Users;

/// <summary>A repeat joins the attempt under way; who leaves leaves the others their answer.</summary>
public sealed class AttemptsTests
{
    private static readonly PredictionRequest Request = new()
    {
        PredictionId = Guid.CreateVersion7(),
        UserId = "42",
        Model = "fraud",
        IdempotencyKey = "order-7",
        Fields = [new RequestField("amount", 12.5)],
    };

    private readonly Attempts _attempts = new();
    private readonly TaskCompletionSource<Prediction> _answer = new();

    [Fact]
    public void Find_NothingUnderWay_IsNone() => Assert.Null(_attempts.Find(Request));

    [Fact]
    public void Find_SameId_IsTheAttempt()
    {
        var attempt = Begin();

        Assert.Same(attempt, _attempts.Find(Request));
    }

    [Fact]
    public void Find_SameKeyUnderAnotherId_IsTheAttempt()
    {
        var attempt = Begin();

        Assert.Same(attempt, _attempts.Find(Request with { PredictionId = Guid.CreateVersion7() }));
    }

    [Fact]
    public void Find_AnotherKeyOrModel_IsNone()
    {
        Begin();
        var other = Request with { PredictionId = Guid.CreateVersion7() };

        Assert.Null(_attempts.Find(other with { IdempotencyKey = "order-8" }));
        Assert.Null(_attempts.Find(other with { IdempotencyKey = null }));
        Assert.Null(_attempts.Find(other with { Model = "other" }));
    }

    [Fact]
    public void Find_AnotherBody_IsNone()
    {
        Begin();

        Assert.Null(_attempts.Find(Request with { Fields = [new RequestField("amount", 13)] }));
    }

    [Fact]
    public async Task Find_AttemptEnded_IsNone()
    {
        var attempt = Begin();

        _answer.SetResult(Prediction());
        await attempt.Run;

        Assert.Null(_attempts.Find(Request));
    }

    [Fact]
    public async Task Find_AttemptFailed_IsNone()
    {
        var attempt = Begin();

        _answer.SetException(new InferenceException(InferenceErrorCode.ModelFailed, "on purpose"));
        await Assert.ThrowsAsync<InferenceException>(() => attempt.WaitFirstAsync(CancellationToken.None));

        Assert.Null(_attempts.Find(Request));
    }

    [Fact]
    public async Task JoinAsync_ManyCallers_AllHaveTheOneAnswer()
    {
        var attempt = Begin();
        Task<Prediction>[] callers = [attempt.WaitFirstAsync(CancellationToken.None), .. Enumerable.Range(0, 10).Select(_ => attempt.JoinAsync(CancellationToken.None))];

        var answer = Prediction();
        _answer.SetResult(answer);

        Assert.All(await Task.WhenAll(callers), prediction => Assert.Same(answer, prediction));
    }

    [Fact]
    public async Task JoinAsync_TheCallerLeaves_HasItsEndAtOnceAndTheFirstItsAnswer()
    {
        using var leaving = new CancellationTokenSource();
        var attempt = Begin();
        var (first, second) = (attempt.WaitFirstAsync(CancellationToken.None), attempt.JoinAsync(leaving.Token));

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);

        Assert.False(attempt.IsAbandoned);
        _answer.SetResult(Prediction());
        await first;
    }

    [Fact]
    public async Task WaitFirstAsync_TheCallerLeaves_TheOtherHasItsAnswerAndIsTheLastToLeave()
    {
        using var leaving = new CancellationTokenSource();
        var attempt = Begin();
        var turns = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
        await OnTurn(turns, () => attempt.WaitFirstAsync(leaving.Token));
        var second = attempt.JoinAsync(CancellationToken.None);

        await leaving.CancelAsync();
        await OnTurn(turns, () => attempt);

        Assert.False(attempt.IsAbandoned);
        _answer.SetResult(Prediction());
        await second;
    }

    [Fact]
    public async Task WaitFirstAsync_AllCallersLeave_TheWorkEndsAndNobodyJoinsIt()
    {
        using var leaving = new CancellationTokenSource();
        var attempt = Begin();
        var callers = new[] { attempt.WaitFirstAsync(leaving.Token), attempt.JoinAsync(leaving.Token) };

        await leaving.CancelAsync();
        foreach (var caller in callers) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => caller.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));

        Assert.True(attempt.IsAbandoned);
        Assert.Null(_attempts.Find(Request));
    }

    [Fact]
    public async Task Begin_BesideAnAbandonedOne_IsFoundAlsoAfterThatOneEnds()
    {
        using var leaving = new CancellationTokenSource();
        var abandoned = _attempts.Begin(Request, TimeProvider.System);
        abandoned.Run = _answer.Task;
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var ending = abandoned.End.Register(ended.SetResult);
        _ = abandoned.WaitFirstAsync(leaving.Token);
        await leaving.CancelAsync();
        await ended.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        var next = _attempts.Begin(Request, TimeProvider.System);

        _attempts.End(abandoned);

        Assert.Same(next, _attempts.Find(Request));
    }

    [Fact]
    public async Task DrainAsync_OneUnderWay_CompletesWhenItEnds()
    {
        Begin();
        var drained = _attempts.DrainAsync();
        Assert.False(drained.IsCompleted);

        _answer.SetResult(Prediction());

        await drained.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        Assert.True(_attempts.DrainAsync().IsCompleted);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DrainAsync_OtherWorkUnderWay_CompletesWhenItEndsAlsoByAFailure(bool fails)
    {
        var work = _attempts.CountAsync(() => _answer.Task);
        var drained = _attempts.DrainAsync();
        Assert.False(drained.IsCompleted);

        if (fails) _answer.SetException(new InferenceException(InferenceErrorCode.StorageUnavailable, "on purpose"));
        else _answer.SetResult(Prediction());

        await drained.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(fails, work.IsFaulted);
    }

    private static Prediction Prediction() =>
        new() { PredictionId = Request.PredictionId, Value = 0.5, Info = "", Model = "fraud", ModelVersion = 1, Degraded = false };

    private Attempt Begin()
    {
        var attempt = _attempts.Begin(Request, TimeProvider.System);
        attempt.Run = RunAsync(attempt);
        return attempt;
    }

    private static Task<T> OnTurn<T>(TaskScheduler turns, Func<T> act) => Task.Factory.StartNew(act, CancellationToken.None, TaskCreationOptions.None, turns);

    private async Task<Prediction> RunAsync(Attempt attempt)
    {
        try
        {
            return await _answer.Task.WaitAsync(attempt.End);
        }
        finally
        {
            _attempts.End(attempt);
        }
    }
}
