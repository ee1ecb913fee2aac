using Microsoft.Extensions.Time.Testing;
using OrleansInference.Grains;

namespace UnitTests.Grains;

public sealed class TimeBudgetTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Remaining_SomeTimeSpent_IsTheRest()
    {
        using var budget = Start();

        _time.Advance(TimeSpan.FromMilliseconds(300));

        Assert.Equal((TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(700)), (budget.Elapsed, budget.Remaining));
    }

    [Theory]
    [InlineData(400, false)]
    [InlineData(1_000, true)]
    [InlineData(3_000, true)]
    public void Token_RequestCameBefore_IsCancelledWhenItsTimeIsUp(int beforeMs, bool isUp)
    {
        var startedAt = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromMilliseconds(beforeMs));

        using var budget = new TimeBudget(TimeSpan.FromSeconds(1), _time, CancellationToken.None, startedAt);

        Assert.Equal((TimeSpan.FromMilliseconds(beforeMs), isUp), (budget.Elapsed, budget.Token.IsCancellationRequested));
        _time.Advance(TimeSpan.FromMilliseconds(600));
        Assert.True(budget.Token.IsCancellationRequested);
    }

    [Fact]
    public void Remaining_Overdrawn_IsZero()
    {
        using var budget = Start();

        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(TimeSpan.Zero, budget.Remaining);
    }

    [Theory]
    [InlineData(300, 0, 300)]
    [InlineData(900, 0, 600)]
    [InlineData(300, 800, 120)]
    [InlineData(300, 2000, 0)]
    public void Share_TimeoutAndTimeSpent_IsTheSmallerOfTimeoutAndSixTenthsOfTheRest(int timeoutMs, int spentMs, int expectedMs)
    {
        using var budget = Start();
        _time.Advance(TimeSpan.FromMilliseconds(spentMs));

        Assert.Equal(TimeSpan.FromMilliseconds(expectedMs), budget.Share(TimeSpan.FromMilliseconds(timeoutMs)));
    }

    [Fact]
    public void Token_BeforeTheEnd_IsAlive()
    {
        using var budget = Start();

        _time.Advance(TimeSpan.FromMilliseconds(999));

        Assert.False(budget.Token.IsCancellationRequested);
    }

    [Fact]
    public void Token_AtTheEnd_IsCancelled()
    {
        using var budget = Start();

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(budget.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task Token_CallerLeaves_IsCancelled()
    {
        using var caller = new CancellationTokenSource();
        using var budget = StartFor(caller.Token);

        await caller.CancelAsync();

        Assert.True(budget.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task Token_CallerHadLeft_IsCancelledFromTheStart()
    {
        using var caller = new CancellationTokenSource();
        await caller.CancelAsync();

        using var budget = StartFor(caller.Token);

        Assert.True(budget.Token.IsCancellationRequested);
    }

    [Fact]
    public void Token_AfterDispose_CanBeAskedByWorkThatIsLeftOver()
    {
        var budget = Start();
        budget.Dispose();

        Assert.False(budget.Token.IsCancellationRequested);
    }

    private TimeBudget Start() => StartFor(CancellationToken.None);

    private TimeBudget StartFor(CancellationToken caller) => new(TimeSpan.FromSeconds(1), _time, caller);
}
