using OrleansInference.Grains.Models.Batching;

namespace UnitTests.Grains.Models.Batching;

public sealed class ServiceRateTests
{
    [Fact]
    public void TimeFor_RowsOfLessThanATick_IsStillTheirTime()
    {
        var rate = new ServiceRate();

        // 50 ns a row, and a run so short that the clock saw nothing of it.
        for (var run = 0; run < 1_000; run++) rate.OnRun(rows: 16, TimeSpan.FromTicks(8));
        Assert.Equal(500, rate.TimeFor(rows: 1_000, threads: 1).Ticks, tolerance: 5);
        for (var run = 0; run < 1_000; run++) rate.OnRun(rows: 16, TimeSpan.Zero);

        Assert.True(rate.TimeFor(rows: 1_000, threads: 1) > TimeSpan.Zero);
    }

    [Fact]
    public void TimeFor_MoreThreads_IsShared()
    {
        var rate = new ServiceRate();
        for (var run = 0; run < 1_000; run++) rate.OnRun(rows: 2, TimeSpan.FromMilliseconds(4));

        Assert.Equal(TimeSpan.FromMilliseconds(5).Ticks, rate.TimeFor(rows: 10, threads: 4).Ticks, tolerance: 5);
    }
}
