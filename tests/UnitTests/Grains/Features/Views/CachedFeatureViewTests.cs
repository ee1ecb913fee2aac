using OrleansInference;
using OrleansInference.Grains;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;

namespace UnitTests.Grains.Features.Views;

public sealed class CachedFeatureViewTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromMinutes(1);

    private readonly CachedViewBuilder _view = new();
    private readonly CachedFeatureView _cached;

    public CachedFeatureViewTests()
    {
        _cached = _view.Build(options => options.Ttl = Ttl);
        _view.Answer(1);
    }

    [Fact]
    public async Task ReadAsync_JustBeforeTheTtl_AnswersFromMemory()
    {
        await ReadAsync();
        _view.Time.Advance(Ttl - TimeSpan.FromTicks(1));

        await ReadAsync();

        Assert.Equal((1, true), (_view.Database.Queries, _cached.IsFresh));
    }

    [Fact]
    public async Task ReadAsync_AtTheTtl_AsksAgain()
    {
        await ReadAsync();
        _view.Time.Advance(Ttl);
        Assert.False(_cached.IsFresh);

        await ReadAsync();

        Assert.Equal(2, _view.Database.Queries);
    }

    [Fact]
    public async Task ReadAsync_TtlZero_AsksEveryTime()
    {
        var cached = _view.Build(options => options.Ttl = TimeSpan.Zero);

        await _view.ReadAsync(cached);
        await _view.ReadAsync(cached);

        Assert.Equal(2, _view.Database.Queries);
    }

    [Fact]
    public async Task ReadAsync_HundredReadersAtOnce_MakeOneQuery()
    {
        var answer = _view.HoldAnswer();
        var readers = Enumerable.Range(0, 100).Select(_ => ReadAsync()).ToArray();

        answer.SetResult([FeatureValue.Of(5)]);

        Assert.All(await Task.WhenAll(readers), row => Assert.Equal(5, row.Values[0].Number));
        Assert.Equal(1, _view.Database.Queries);
    }

    [Fact]
    public async Task ReadAsync_QueryFails_EveryWaiterLearnsIt()
    {
        var answer = _view.HoldAnswer();
        var readers = new[] { ReadAsync(), ReadAsync() };

        answer.SetException(new FeatureDatabaseException("on purpose"));

        foreach (var reader in readers) await Assert.ThrowsAsync<InferenceException>(() => reader);
    }

    [Fact]
    public async Task ReadAsync_AfterAFailure_AsksAgain()
    {
        _view.Database.Answer = () => Task.FromException<FeatureValue[]?>(new FeatureDatabaseException("on purpose"));
        await Assert.ThrowsAsync<InferenceException>(ReadAsync);
        _view.Database.Answer = () => Task.FromResult<FeatureValue[]?>([FeatureValue.Of(5)]);

        var row = await ReadAsync();

        Assert.Equal((5, 2), (row.Values[0].Number, _view.Database.Queries));
    }

    [Fact]
    public async Task ReadAsync_RefreshFails_TheOldRowIsNotServedAsFresh()
    {
        await ReadAsync();
        _view.Time.Advance(Ttl);
        _view.Database.Answer = () => Task.FromException<FeatureValue[]?>(new FeatureDatabaseException("on purpose"));

        await Assert.ThrowsAsync<InferenceException>(ReadAsync);

        Assert.False(_cached.IsFresh);
    }

    [Fact]
    public async Task ReadAsync_CallerLeaves_OnlyThatCallerEnds()
    {
        using var caller = new CancellationTokenSource();
        var answer = _view.HoldAnswer();
        var leaving = _cached.ReadAsync(new TimeBudget(TimeSpan.FromHours(1), _view.Time, caller.Token)).AsTask();
        var staying = ReadAsync();

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        answer.SetResult([FeatureValue.Of(5)]);
        Assert.Equal(5, (await staying).Values[0].Number);
    }

    [Fact]
    public async Task ReadAsync_EveryCallerLeft_TheAnswerIsKeptForTheNext()
    {
        using var caller = new CancellationTokenSource();
        var answer = _view.HoldAnswer();
        var leaving = _cached.ReadAsync(new TimeBudget(TimeSpan.FromHours(1), _view.Time, caller.Token)).AsTask();
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);

        answer.SetResult([FeatureValue.Of(5)]);

        Assert.Equal((5, 1), ((await ReadAsync()).Values[0].Number, _view.Database.Queries));
    }

    [Fact]
    public void Age_NothingRead_IsZeroAndNotFresh() => Assert.Equal((TimeSpan.Zero, false), (_cached.Age, _cached.IsFresh));

    [Fact]
    public async Task Age_RowRead_IsTheTimeSince()
    {
        await ReadAsync();

        _view.Time.Advance(TimeSpan.FromSeconds(7));

        Assert.Equal(TimeSpan.FromSeconds(7), _cached.Age);
    }

    private Task<FeatureRow> ReadAsync() => _view.ReadAsync(_cached);
}
