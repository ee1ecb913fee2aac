using OrleansInference;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;

namespace UnitTests.Grains.Features.Views;

/// <summary>A cached row after its TTL.</summary>
public sealed class StaleViewTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly CachedViewBuilder _view = new();

    [Fact]
    public async Task ReadAsync_WithinStaleWhileRevalidate_ServesTheOldRowAtOnceAndRefreshesOnce()
    {
        var cached = await CacheAsync(5, options => options.StaleWhileRevalidate = 30 * Second);
        _view.Time.Advance(CachedViewBuilder.Ttl);
        var answer = _view.HoldAnswer();

        var rows = Enumerable.Range(0, 10).Select(_ => cached.ReadAsync(_view.Budget())).ToArray();

        Assert.All(rows, row => Assert.True(row.IsCompletedSuccessfully));
        foreach (var row in rows) Assert.Equal(FeatureValue.Of(5) with { Status = FeatureStatus.Stale }, (await row).Values[0]);
        Assert.Equal(2, _view.Database.Queries);
        answer.SetResult([FeatureValue.Of(6)]);
        Assert.Equal(FeatureValue.Of(6), (await _view.ReadAsync(cached)).Values[0]);
    }

    [Fact]
    public async Task ReadAsync_BeyondStaleWhileRevalidate_WaitsForTheNewRow()
    {
        var cached = await CacheAsync(5, options => options.StaleWhileRevalidate = 30 * Second);
        _view.Time.Advance(CachedViewBuilder.Ttl + (30 * Second));
        _view.Answer(6);

        Assert.Equal(FeatureValue.Of(6), (await _view.ReadAsync(cached)).Values[0]);
    }

    [Fact]
    public async Task ReadAsync_WithinStaleWhileRevalidateAndRefreshFails_NobodyFails()
    {
        var cached = await CacheAsync(5, options => options.StaleWhileRevalidate = 30 * Second);
        _view.Time.Advance(CachedViewBuilder.Ttl);
        _view.Fail();

        await _view.ReadAsync(cached);

        Assert.Equal(FeatureStatus.Stale, (await _view.ReadAsync(cached)).Values[0].Status);
    }

    [Fact]
    public async Task ReadAsync_FailureWithinStaleIfError_ServesTheOldRowAsStaleAndDegraded()
    {
        var cached = await CacheAsync(5, options => options.StaleIfError = 30 * Second);
        _view.Time.Advance(CachedViewBuilder.Ttl + (30 * Second) - TimeSpan.FromTicks(1));
        _view.Fail();

        var row = await _view.ReadAsync(cached);

        Assert.Equal((FeatureValue.Of(5) with { Status = FeatureStatus.Stale }, true), (row.Values[0], row.Degraded));
    }

    [Fact]
    public async Task ReadAsync_FailureBeyondStaleIfError_Fails()
    {
        var cached = await CacheAsync(5, options => options.StaleIfError = 30 * Second);
        _view.Time.Advance(CachedViewBuilder.Ttl + (30 * Second));
        _view.Fail();

        Assert.Equal(InferenceErrorCode.StorageUnavailable, (await Assert.ThrowsAsync<InferenceException>(() => _view.ReadAsync(cached))).Code);
    }

    [Fact]
    public async Task ReadAsync_FailureAndOnErrorDefault_IsADegradedRowOfDefaultsThatIsNotKept()
    {
        var cached = _view.Build(options => options.OnError = FeatureViewErrorPolicy.Default);
        _view.Fail();

        var row = await _view.ReadAsync(cached);

        Assert.Equal((FeatureValue.Of(0).AsDefault(), true), (row.Values[0], row.Degraded));
        _view.Answer(6);
        Assert.Equal(6, (await _view.ReadAsync(cached)).Values[0].Number);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ReadAsync_QuerySlowerThanTheShareOfTheBudget_AnswersWithWhatStandsIn(bool cachedBefore)
    {
        var cached = _view.Build(options => (options.OnError, options.StaleIfError, options.Timeout) = (FeatureViewErrorPolicy.Default, 30 * Second, 10 * Second));
        if (cachedBefore)
        {
            _view.Answer(5);
            await _view.ReadAsync(cached);
            _view.Time.Advance(CachedViewBuilder.Ttl);
        }

        var answer = _view.HoldAnswer();
        var reading = cached.ReadAsync(_view.Budget(Second)).AsTask();
        Assert.False(reading.IsCompleted);
        _view.Time.Advance(0.6 * Second);

        var row = await reading;

        Assert.Equal(cachedBefore ? FeatureStatus.Stale : FeatureStatus.Default, row.Values[0].Status);
        answer.SetResult([FeatureValue.Of(7)]);
        Assert.Equal(FeatureValue.Of(7), (await _view.ReadAsync(cached)).Values[0]);
    }

    [Fact]
    public async Task ReadAsync_NothingStandsIn_WaitsForAsLongAsTheCallerHasTime()
    {
        var cached = _view.Build();
        _view.HoldAnswer();
        var reading = cached.ReadAsync(_view.Budget(Second)).AsTask();

        _view.Time.Advance(0.9 * Second);
        Assert.False(reading.IsCompleted);
        _view.Time.Advance(0.1 * Second);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Fact]
    public async Task ReadAsync_UserWithoutRow_IsKnownToHaveNoneForTheUnknownTtl()
    {
        var cached = _view.Build();
        await _view.ReadAsync(cached);
        _view.Time.Advance((10 * Second) - TimeSpan.FromTicks(1));
        await _view.ReadAsync(cached);
        Assert.Equal(1, _view.Database.Queries);
        _view.Time.Advance(TimeSpan.FromTicks(1));
        _view.Answer(5);

        Assert.Equal(5, (await _view.ReadAsync(cached)).Values[0].Number);
    }

    [Fact]
    public void UnknownTtl_NotSet_IsAtMostTheTtl() =>
        Assert.Equal([Second, 10 * Second, 40 * Second], new[]
        {
            new FeatureViewOptions { Ttl = Second }.EffectiveUnknownTtl,
            new FeatureViewOptions { Ttl = 20 * Second }.EffectiveUnknownTtl,
            new FeatureViewOptions { Ttl = 20 * Second, UnknownTtl = 40 * Second }.EffectiveUnknownTtl,
        });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ReadAsync_OlderThanMaxAge_IsReadAgainBeforeUse(bool ofTheView)
    {
        var cached = await CacheAsync(5, options => (options.MaxAge, options.StaleWhileRevalidate) = (ofTheView ? 5 * Second : null, TimeSpan.FromHours(1)));
        _view.Time.Advance(5 * Second);
        _view.Answer(6);

        var row = await _view.ReadAsync(cached, ofTheView ? null : 5 * Second);

        Assert.Equal(FeatureValue.Of(6), row.Values[0]);
    }

    [Fact]
    public async Task ReadAsync_OlderThanMaxAgeAndQueryFails_IsNeverCalledFresh()
    {
        var cached = await CacheAsync(5, options => options.StaleIfError = 30 * Second);
        _view.Time.Advance(5 * Second);
        _view.Fail();

        Assert.Equal(FeatureStatus.Stale, (await _view.ReadAsync(cached, 5 * Second)).Values[0].Status);
        Assert.Equal(FeatureStatus.Fresh, (await _view.ReadAsync(cached)).Values[0].Status);
    }

    [Fact]
    public async Task WarmAsync_StaleRow_WaitsForTheNewOne()
    {
        var cached = await CacheAsync(5, options => options.StaleWhileRevalidate = 30 * Second);
        _view.Time.Advance(CachedViewBuilder.Ttl);
        _view.Answer(6);

        await cached.WarmAsync(TestContext.Current.CancellationToken);

        Assert.Equal((6, true), (cached.Row!.Values[0].Number, cached.IsFresh));
    }

    [Fact]
    public async Task WarmAsync_QueryFails_SaysSoWhateverThePolicy()
    {
        var cached = _view.Build(options => options.OnError = FeatureViewErrorPolicy.Default);
        _view.Fail();

        await Assert.ThrowsAsync<InferenceException>(() => cached.WarmAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Describe_Row_SaysItsAgeAndStatus()
    {
        var cached = await CacheAsync(5);
        Assert.Equal((TimeSpan.Zero, true, "fresh"), Described(cached));
        _view.Time.Advance(CachedViewBuilder.Ttl);
        Assert.Equal((CachedViewBuilder.Ttl, false, "stale"), Described(cached));
        _view.AnswerNoRow();
        await _view.ReadAsync(cached);
        Assert.Equal((TimeSpan.Zero, true, "default"), Described(cached));
    }

    private static (TimeSpan Age, bool Fresh, string Status) Described(CachedFeatureView cached) => cached.Describe() is var view ? (view.Age, view.Fresh, view.Status) : default;

    private async Task<CachedFeatureView> CacheAsync(double value, Action<FeatureViewOptions>? configure = null)
    {
        var cached = _view.Build(configure);
        _view.Answer(value);
        await _view.ReadAsync(cached);
        return cached;
    }
}
