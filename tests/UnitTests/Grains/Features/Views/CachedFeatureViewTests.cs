using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;
using UnitTests.Fakes;

namespace UnitTests.Grains.Features.Views;

public sealed class CachedFeatureViewTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _time = new();
    private readonly FakeFeatureDatabase _database = new();
    private readonly CachedFeatureView _cached;

    public CachedFeatureViewTests() => _cached = Cache(Ttl);

    [Fact]
    public async Task ReadAsync_JustBeforeTheTtl_AnswersFromMemory()
    {
        await ReadAsync();
        _time.Advance(Ttl - TimeSpan.FromTicks(1));

        await ReadAsync();

        Assert.Equal((1, true), (_database.Queries, _cached.IsFresh));
    }

    [Fact]
    public async Task ReadAsync_AtTheTtl_AsksAgain()
    {
        await ReadAsync();
        _time.Advance(Ttl);
        Assert.False(_cached.IsFresh);

        await ReadAsync();

        Assert.Equal(2, _database.Queries);
    }

    [Fact]
    public async Task ReadAsync_TtlZero_AsksEveryTime()
    {
        var cached = Cache(TimeSpan.Zero);

        await cached.ReadAsync(CancellationToken.None);
        await cached.ReadAsync(CancellationToken.None);

        Assert.Equal(2, _database.Queries);
    }

    [Fact]
    public async Task ReadAsync_HundredReadersAtOnce_MakeOneQuery()
    {
        var answer = HoldAnswer();
        var readers = Enumerable.Range(0, 100).Select(_ => ReadAsync()).ToArray();

        answer.SetResult([FeatureValue.Of(5)]);

        Assert.All(await Task.WhenAll(readers), row => Assert.Equal(5, row.Values[0].Number));
        Assert.Equal(1, _database.Queries);
    }

    [Fact]
    public async Task ReadAsync_QueryFails_EveryWaiterLearnsIt()
    {
        var answer = HoldAnswer();
        var readers = new[] { ReadAsync(), ReadAsync() };

        answer.SetException(new FeatureDatabaseException("on purpose"));

        foreach (var reader in readers) await Assert.ThrowsAsync<InferenceException>(() => reader);
    }

    [Fact]
    public async Task ReadAsync_AfterAFailure_AsksAgain()
    {
        _database.Answer = () => Task.FromException<FeatureValue[]?>(new FeatureDatabaseException("on purpose"));
        await Assert.ThrowsAsync<InferenceException>(ReadAsync);
        _database.Answer = () => Task.FromResult<FeatureValue[]?>([FeatureValue.Of(5)]);

        var row = await ReadAsync();

        Assert.Equal((5, 2), (row.Values[0].Number, _database.Queries));
    }

    [Fact]
    public async Task ReadAsync_RefreshFails_TheOldRowIsNotServedAsFresh()
    {
        await ReadAsync();
        _time.Advance(Ttl);
        _database.Answer = () => Task.FromException<FeatureValue[]?>(new FeatureDatabaseException("on purpose"));

        await Assert.ThrowsAsync<InferenceException>(ReadAsync);

        Assert.False(_cached.IsFresh);
    }

    [Fact]
    public async Task ReadAsync_CallerLeaves_OnlyThatCallerEnds()
    {
        using var caller = new CancellationTokenSource();
        var answer = HoldAnswer();
        var leaving = _cached.ReadAsync(caller.Token).AsTask();
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
        var answer = HoldAnswer();
        var leaving = _cached.ReadAsync(caller.Token).AsTask();
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);

        answer.SetResult([FeatureValue.Of(5)]);

        Assert.Equal((5, 1), ((await ReadAsync()).Values[0].Number, _database.Queries));
    }

    [Fact]
    public void Age_NothingRead_IsZeroAndNotFresh() => Assert.Equal((TimeSpan.Zero, false), (_cached.Age, _cached.IsFresh));

    [Fact]
    public async Task Age_RowRead_IsTheTimeSince()
    {
        await ReadAsync();

        _time.Advance(TimeSpan.FromSeconds(7));

        Assert.Equal(TimeSpan.FromSeconds(7), _cached.Age);
    }

    private Task<FeatureRow> ReadAsync() => _cached.ReadAsync(CancellationToken.None).AsTask();

    // Completes on the test's thread, as a grain's turns are one at a time.
    private TaskCompletionSource<FeatureValue[]?> HoldAnswer()
    {
        var answer = new TaskCompletionSource<FeatureValue[]?>();
        _database.Answer = () => answer.Task;
        return answer;
    }

    private CachedFeatureView Cache(TimeSpan ttl)
    {
        var options = new FeatureViewOptions { Ttl = ttl, Columns = { ["count"] = new FeatureColumnOptions { Default = "0" } } };
        return new CachedFeatureView(
            new FeatureView("spending", options, _database, _time, FakeMeterFactory.Instruments, NullLogger<FeatureView>.Instance), "42", _time);
    }
}
