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
        await Assert.ThrowsAsync<InferenceException>(() => attempt.WaitAsync(CancellationToken.None));

        Assert.Null(_attempts.Find(Request));
    }

    [Fact]
    public async Task WaitAsync_ManyCallers_AllHaveTheOneAnswer()
    {
        var attempt = Begin();
        var callers = Enumerable.Range(0, 10).Select(_ => attempt.WaitAsync(CancellationToken.None)).ToArray();

        var answer = Prediction();
        _answer.SetResult(answer);

        Assert.All(await Task.WhenAll(callers), prediction => Assert.Same(answer, prediction));
    }

    [Fact]
    public async Task WaitAsync_OneCallerLeaves_TheOtherHasItsAnswer()
    {
        using var leaving = new CancellationTokenSource();
        var attempt = Begin();
        var (first, second) = (attempt.WaitAsync(leaving.Token), attempt.WaitAsync(CancellationToken.None));

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        Assert.False(attempt.IsAbandoned);
        _answer.SetResult(Prediction());
        await second;
    }

    [Fact]
    public async Task WaitAsync_AllCallersLeave_TheWorkIsToEndAndNobodyJoinsIt()
    {
        using var leaving = new CancellationTokenSource();
        var attempt = Begin();
        var callers = new[] { attempt.WaitAsync(leaving.Token), attempt.WaitAsync(leaving.Token) };

        await leaving.CancelAsync();
        foreach (var caller in callers) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => caller);

        Assert.True(attempt is { IsAbandoned: true, End.IsCancellationRequested: true });
        Assert.Null(_attempts.Find(Request));
    }

    [Fact]
    public async Task Begin_BesideAnAbandonedOne_IsFoundAlsoAfterThatOneEnds()
    {
        using var leaving = new CancellationTokenSource();
        var abandoned = Begin();
        var caller = abandoned.WaitAsync(leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => caller);
        var next = _attempts.Begin(Request, TimeProvider.System);

        _answer.SetCanceled(CancellationToken.None);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned.Run);

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

    private static Prediction Prediction() =>
        new() { PredictionId = Request.PredictionId, Value = 0.5, Info = "", Model = "fraud", ModelVersion = 1, Degraded = false };

    private Attempt Begin()
    {
        var attempt = _attempts.Begin(Request, TimeProvider.System);
        attempt.Run = RunAsync(attempt);
        return attempt;
    }

    private async Task<Prediction> RunAsync(Attempt attempt)
    {
        try
        {
            return await _answer.Task;
        }
        finally
        {
            _attempts.End(attempt);
        }
    }
}
