using OrleansInference.Grains.PostProcessing.Outbox;

namespace UnitTests.Grains.PostProcessing.Outbox;

/// <summary>Equal jitter: from half of the exponential delay to the whole.</summary>
public sealed class RetryDelaysTests
{
    [Theory]
    [InlineData(1, 0, 0.5)]
    [InlineData(1, 1, 1)]
    [InlineData(3, 0.5, 3)]
    [InlineData(7, 1, 60)]
    [InlineData(7, 0, 30)]
    public void After_Attempt_IsBetweenHalfAndWhole(int attempt, double chance, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), RetryDelays.After(new OutboxOptions(), attempt, retryAfter: null, chance));

    [Fact]
    public void After_LongestDelaysAndManyAttempts_DoesNotOverflow()
    {
        var options = new OutboxOptions { MaxAttempts = 10_000, RetryDelay = TimeSpan.FromHours(1), MaxRetryDelay = TimeSpan.FromDays(1) };

        Assert.Equal(TimeSpan.FromDays(1), RetryDelays.After(options, 10_000, retryAfter: null, chance: 1));
    }

    [Theory]
    [InlineData(-5, 1)]
    [InlineData(0, 1)]
    [InlineData(30, 30)]
    [InlineData(100, 60)]
    public void After_ReceiverAsksForAWait_IsNoShorterAndNoLongerThanTheMaximum(int retryAfter, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), RetryDelays.After(new OutboxOptions(), 1, TimeSpan.FromSeconds(retryAfter), chance: 1));
}
