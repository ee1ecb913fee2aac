using Microsoft.Extensions.Time.Testing;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace UnitTests.Grains.PostProcessing.Outbox;

public sealed class TargetPauseTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly TargetPause _pause;

    public TargetPauseTests() => _pause = new TargetPause(new OutboxOptions { MaxRetryDelay = TimeSpan.FromSeconds(60) }, _time);

    [Fact]
    public void Left_NothingAsked_IsNone() => AssertLeft(0);

    [Theory]
    [InlineData(null, 0)]
    [InlineData(-5, 0)]
    [InlineData(0, 0)]
    [InlineData(20, 20)]
    [InlineData(3600, 60)]
    public void Extend_Asked_IsThatUpToTheMaximum(int? seconds, int left)
    {
        Assert.Equal(left > 0, Extend(seconds));

        AssertLeft(left);
    }

    [Theory]
    [InlineData(5, 15)]
    [InlineData(30, 30)]
    public void Extend_WhilePaused_EndsWhenTheLaterOneDoes(int seconds, int left)
    {
        Extend(20);
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.False(Extend(seconds));

        AssertLeft(left);
    }

    [Fact]
    public void Extend_PauseIsOver_BeginsAnother()
    {
        Extend(20);
        _time.Advance(TimeSpan.FromSeconds(20));
        AssertLeft(0);

        Assert.True(Extend(1));

        AssertLeft(1);
    }

    private bool Extend(int? seconds) => _pause.Extend(seconds is { } asked ? TimeSpan.FromSeconds(asked) : null);

    private void AssertLeft(int seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), _pause.Left < TimeSpan.Zero ? TimeSpan.Zero : _pause.Left);
}
