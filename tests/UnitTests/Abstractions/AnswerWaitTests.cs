using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using UnitTests.Fakes;

namespace UnitTests.Abstractions;

public sealed class AnswerWaitTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly ConcurrentQueue<AnswerWait> _idle = new();
    private readonly TaskCompletionSource _answer = new();

    [Fact]
    public async Task BeginAsync_Answered_EndsAndServesTheNext()
    {
        for (var i = 0; i < 3; i++)
        {
            var answer = new TaskCompletionSource();
            var wait = Begin(answer.Task);
            Assert.Equal((false, 0), (wait.IsCompleted, _idle.Count));

            answer.SetResult();

            await wait.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
            Assert.Single(_idle);
        }
    }

    [Fact]
    public async Task BeginAsync_AnswerIsAFailure_EndsWithoutIt()
    {
        var wait = Begin(_answer.Task);

        _answer.SetException(new InvalidOperationException("on purpose"));

        await wait.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task BeginAsync_TimeIsUp_EndsAndServesNobodyElse()
    {
        var wait = Begin(_answer.Task);

        _time.Advance(Patience);

        await wait.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        _answer.SetResult();
        Assert.Empty(_idle);
    }

    [Fact]
    public async Task BeginAsync_CallerLeaves_EndsAndServesNobodyElse()
    {
        using var caller = new CancellationTokenSource();
        var wait = Begin(_answer.Task, caller);

        await caller.CancelAsync();

        await wait.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        _answer.SetResult();
        Assert.Empty(_idle);
    }

    [Fact]
    public async Task BeginAsync_AfterAnother_HasAllOfItsTime()
    {
        var first = new TaskCompletionSource();
        var before = Begin(first.Task);
        _time.Advance(Patience / 2);
        first.SetResult();
        await before.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        var wait = Begin(_answer.Task);

        _time.Advance(Patience * 0.75);
        Assert.False(wait.IsCompleted);
        _time.Advance(Patience * 0.25);

        await wait.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void BeginAsync_AnsweredBefore_IsOverAtOnce() => Assert.True(Begin(Task.CompletedTask).IsCompleted);

    private Task Begin(Task answer, CancellationTokenSource? caller = null) => AnswerWait.BeginAsync(answer, Patience, _idle, _time, caller?.Token ?? CancellationToken.None).AsTask();
}
