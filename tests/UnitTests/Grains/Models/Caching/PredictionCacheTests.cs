using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains.Models.Caching;

namespace UnitTests.Grains.Models.Caching;

public sealed class PredictionCacheTests
{
    private static readonly InferenceResponse Answer = new() { Version = 1, Outputs = [] };

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Find_WithinTheTimeToLive_GivesTheAnswer()
    {
        var cache = Cache(100);
        cache.Store(7, Answer);
        _time.Advance(TimeSpan.FromSeconds(9.9));

        Assert.Same(Answer, cache.Find(7));
    }

    [Fact]
    public void Find_AfterTheTimeToLive_GivesNothing()
    {
        var cache = Cache(100);
        cache.Store(7, Answer);
        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Null(cache.Find(7));
    }

    [Fact]
    public void Store_AgainAfterTheTimeToLive_BeginsItAnew()
    {
        var cache = Cache(100);
        cache.Store(7, Answer);
        _time.Advance(TimeSpan.FromSeconds(10));

        cache.Store(7, Answer);

        Assert.Same(Answer, cache.Find(7));
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(100, 100)]
    public void Store_MoreThanItHolds_KeepsAsManyAsItMay(int maxEntries, int most)
    {
        var cache = Cache(maxEntries);

        for (var key = 0; key < 10_000; key++) cache.Store((UInt128)key, Answer);

        Assert.InRange(Enumerable.Range(0, 10_000).Count(key => cache.Find((UInt128)key) is not null), 1, most);
    }

    private PredictionCache Cache(int maxEntries) => new(new PredictionCacheOptions { MaxEntries = maxEntries, Ttl = TimeSpan.FromSeconds(10) }, _time);
}
