using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;

namespace UnitTests.Grains.Features.Views;

/// <summary>Values that were pushed before the database had them.</summary>
public sealed class PushedViewTests
{
    private readonly CachedViewBuilder _view = new();

    [Fact]
    public async Task Push_WholeRow_IsUsedWithoutAQuery()
    {
        var cached = _view.Build();

        Assert.True(Push(cached, count: 9));

        Assert.Equal(FeatureValue.Of(9), (await _view.ReadAsync(cached)).Values[0]);
        Assert.Equal(0, _view.Database.Queries);
    }

    [Fact]
    public async Task Push_OlderThanAnother_ChangesNothing()
    {
        var cached = _view.Build();
        Push(cached, count: 9);

        Assert.False(Push(cached, count: 8, _view.Now - TimeSpan.FromTicks(1)));

        Assert.Equal(9, (await _view.ReadAsync(cached)).Values[0].Number);
        Assert.Equal(_view.Now, cached.EventTime);
    }

    [Fact]
    public async Task Push_SameEventTime_TheLaterArrivalStands()
    {
        var cached = _view.Build();
        Push(cached, count: 9);

        Assert.True(Push(cached, count: 8));

        Assert.Equal(8, (await _view.ReadAsync(cached)).Values[0].Number);
    }

    [Fact]
    public async Task Push_OlderThanOneThatTheDatabaseHasTakenOver_StillChangesNothing()
    {
        var cached = _view.Build();
        Push(cached, count: 9);
        var first = _view.Now;
        _view.Time.Advance(CachedViewBuilder.Ttl);
        _view.Answer(10);
        await _view.ReadAsync(cached);

        Assert.False(Push(cached, count: 8, first - TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task Push_PartOfACachedRow_LeavesTheRestAsOldAsItIs()
    {
        var cached = await CacheAsync(5, 0.5);
        _view.Time.Advance(TimeSpan.FromSeconds(40));
        Push(cached, count: 9);

        var row = await _view.ReadAsync(cached);

        Assert.Equal([FeatureValue.Of(9), FeatureValue.Of(0.5)], row.Values);
        Assert.Equal(TimeSpan.FromSeconds(40), cached.Age);
        _view.Time.Advance(TimeSpan.FromSeconds(20));
        _view.Answer(1, 2);
        Assert.Equal([FeatureValue.Of(9), FeatureValue.Of(2)], (await _view.ReadAsync(cached)).Values);
    }

    [Fact]
    public async Task Push_PartOfARowThatIsNotCached_TheNextReadAsksForTheRest()
    {
        var cached = Build();
        Push(cached, count: 9);
        _view.Answer(5, 0.5);

        var row = await _view.ReadAsync(cached);

        Assert.Equal([FeatureValue.Of(9), FeatureValue.Of(0.5)], row.Values);
        Assert.Equal(1, _view.Database.Queries);
    }

    [Fact]
    public async Task Push_WhileAQueryIsUnderWay_OutlivesItsAnswer()
    {
        var cached = _view.Build();
        var answer = _view.HoldAnswer();
        var reading = _view.ReadAsync(cached);
        _view.Time.Advance(TimeSpan.FromMilliseconds(1));
        Push(cached, count: 9);

        answer.SetResult([FeatureValue.Of(5)]);

        Assert.Equal(9, (await reading).Values[0].Number);
        Assert.Equal(9, (await _view.ReadAsync(cached)).Values[0].Number);
    }

    [Fact]
    public async Task Push_ThatHasStoodItsTtl_GivesWayToTheDatabase()
    {
        var cached = _view.Build();
        Push(cached, count: 9);
        _view.Answer(10);
        _view.Time.Advance(CachedViewBuilder.Ttl - TimeSpan.FromTicks(1));
        Assert.Equal(9, (await _view.ReadAsync(cached)).Values[0].Number);
        _view.Time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(FeatureValue.Of(10), (await _view.ReadAsync(cached)).Values[0]);
    }

    [Fact]
    public async Task Push_AndTheDatabaseFails_StandsInWithTheRestOfTheDefaults()
    {
        var cached = Build(options => options.OnError = FeatureViewErrorPolicy.Default);
        Push(cached, count: 9);
        _view.Fail();

        var row = await _view.ReadAsync(cached);

        Assert.Equal([FeatureValue.Of(9), FeatureValue.Of(-1).AsDefault()], row.Values);
        Assert.True(row.Degraded);
    }

    [Fact]
    public async Task EventTimeColumn_RowOlderThanThePush_DoesNotReplaceIt()
    {
        var cached = _view.Build(options => options.EventTimeColumn = "updated");
        Push(cached, count: 9);
        _view.Answer(5);
        _view.Database.EventTime = _view.Now - TimeSpan.FromSeconds(1);
        _view.Time.Advance(CachedViewBuilder.Ttl);

        Assert.Equal(FeatureValue.Of(9), (await _view.ReadAsync(cached)).Values[0]);

        Assert.Equal((TimeSpan.Zero, true), (cached.Age, cached.IsFresh));
    }

    [Fact]
    public async Task EventTimeColumn_RowAsNewAsThePush_ReplacesIt()
    {
        var cached = _view.Build(options => options.EventTimeColumn = "updated");
        Push(cached, count: 9);
        _view.Answer(10);
        _view.Database.EventTime = _view.Now;
        _view.Time.Advance(CachedViewBuilder.Ttl);

        Assert.Equal(FeatureValue.Of(10), (await _view.ReadAsync(cached)).Values[0]);
    }

    [Fact]
    public async Task EventTimeColumn_PushOlderThanTheRow_ChangesNothing()
    {
        _view.Database.EventTime = _view.Now;
        var cached = _view.Build(options => options.EventTimeColumn = "updated");
        _view.Answer(10);
        await _view.ReadAsync(cached);

        Assert.False(Push(cached, count: 9, _view.Now - TimeSpan.FromSeconds(1)));

        Assert.Equal(10, (await _view.ReadAsync(cached)).Values[0].Number);
    }

    [Fact]
    public async Task EventTimeColumn_NoRow_ThePushStays()
    {
        var cached = Build(options => options.EventTimeColumn = "updated");
        Push(cached, count: 9);
        _view.Time.Advance(CachedViewBuilder.Ttl);

        Assert.Equal([FeatureValue.Of(9), FeatureValue.Of(-1).AsDefault()], (await _view.ReadAsync(cached)).Values);
    }

    [Fact]
    public async Task Invalidate_PushedValue_IsReadAgain()
    {
        var cached = _view.Build();
        Push(cached, count: 9);
        _view.Answer(10);

        cached.Invalidate();

        Assert.Equal(FeatureValue.Of(10), (await _view.ReadAsync(cached)).Values[0]);
    }

    [Fact]
    public async Task KindPush_NothingPushed_GivesDefaultsWithoutAQuery()
    {
        var cached = Build(options => options.Kind = FeatureViewKind.Push);

        var row = await _view.ReadAsync(cached);

        Assert.Equal([FeatureValue.Of(0).AsDefault(), FeatureValue.Of(-1).AsDefault()], row.Values);
        Assert.Equal((false, 0), (row.Degraded, _view.Database.Queries));
    }

    [Fact]
    public async Task KindPush_AfterTheTtl_TheLastPushIsStale()
    {
        var cached = _view.Build(options => options.Kind = FeatureViewKind.Push);
        Push(cached, count: 9);
        Assert.Equal(FeatureStatus.Fresh, (await _view.ReadAsync(cached)).Values[0].Status);
        _view.Time.Advance(CachedViewBuilder.Ttl);

        Assert.Equal(FeatureValue.Of(9) with { Status = FeatureStatus.Stale }, (await _view.ReadAsync(cached)).Values[0]);
        Assert.Equal("stale", cached.Describe().Status);
    }

    [Fact]
    public async Task KindPush_Invalidate_ForgetsWhatWasPushed()
    {
        var cached = _view.Build(options => options.Kind = FeatureViewKind.Push);
        Push(cached, count: 9);

        cached.Invalidate();

        Assert.Equal(FeatureValue.Of(0).AsDefault(), (await _view.ReadAsync(cached)).Values[0]);
    }

    [Fact]
    public async Task PutBack_WhatWasTakenOut_GoesOnWhereItWas()
    {
        var first = _view.Build();
        Push(first, count: 9);
        _view.Time.Advance(TimeSpan.FromSeconds(40));
        var pushed = first.GetPushed()!;
        _view.Answer(10);
        var second = new CachedFeatureView(_view.View, "42");

        second.PutBack(pushed);

        Assert.Equal(9, (await _view.ReadAsync(second)).Values[0].Number);
        Assert.Equal((TimeSpan.FromSeconds(40), first.EventTime), (second.Age, second.EventTime));
        _view.Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(10, (await _view.ReadAsync(second)).Values[0].Number);
    }

    [Fact]
    public void GetPushedAfter_APush_IsWhatIsPushedOnceItIsTaken()
    {
        var cached = _view.Build(options => options.Columns["mean"] = new FeatureColumnOptions { Default = "-1" });
        Push(cached, count: 9);
        _view.Time.Advance(TimeSpan.FromSeconds(5));
        (int, FeatureValue)[] values = [(1, FeatureValue.Of(4))];

        var expected = cached.GetPushedAfter(values, _view.Now)!;

        Assert.Equal(["count"], cached.GetPushed()!.Columns.Select(column => column.Name));
        cached.Push(values, _view.Now);
        Assert.Equal((expected.EventTime, 2), (cached.GetPushed()!.EventTime, expected.Columns.Count));
        Assert.Equal(expected.Columns, cached.GetPushed()!.Columns);
    }

    [Fact]
    public void GetPushedAfter_OlderPush_IsNull()
    {
        var cached = _view.Build();
        Push(cached, count: 9);

        Assert.Null(cached.GetPushedAfter([(0, FeatureValue.Of(8))], _view.Now - TimeSpan.FromTicks(1)));
    }

    [Fact]
    public async Task PutBack_SomethingLaterIsThere_StaysOut()
    {
        var first = _view.Build();
        Push(first, count: 9);
        var pushed = first.GetPushed()!;
        var second = new CachedFeatureView(_view.View, "42");
        Push(second, count: 11, _view.Now + TimeSpan.FromSeconds(1));

        second.PutBack(pushed);

        Assert.Equal(11, (await _view.ReadAsync(second)).Values[0].Number);
    }

    [Fact]
    public async Task PutBack_PushedByAClockThatWasAhead_HoldsForTheTtlFromNow()
    {
        var cached = _view.Build();
        _view.Answer(10);

        cached.PutBack(new PushedFeatures(_view.Now, [new("count", 9, null, false, _view.Now, _view.Now.AddMinutes(5))]));

        Assert.Equal((9, TimeSpan.Zero), ((await _view.ReadAsync(cached)).Values[0].Number, cached.Age));
        _view.Time.Advance(CachedViewBuilder.Ttl);
        Assert.Equal(10, (await _view.ReadAsync(cached)).Values[0].Number);
    }

    [Fact]
    public void PutBack_AnotherViewsColumns_AreIgnored()
    {
        var cached = _view.Build();

        cached.PutBack(new PushedFeatures(_view.Now, [new("gone", 1, null, false, _view.Now, _view.Now), new("count", 0, "text", false, _view.Now, _view.Now)]));

        Assert.Null(cached.GetPushed());
    }

    private CachedFeatureView Build(Action<FeatureViewOptions>? configure = null)
    {
        _view.Options.Columns["mean"] = new FeatureColumnOptions { Default = "-1" };
        return _view.Build(configure);
    }

    private bool Push(CachedFeatureView cached, double count, DateTimeOffset? eventTime = null) => cached.Push([(0, FeatureValue.Of(count))], eventTime ?? _view.Now);

    private async Task<CachedFeatureView> CacheAsync(params double[] values)
    {
        var cached = Build();
        _view.Answer(values);
        await _view.ReadAsync(cached);
        return cached;
    }
}
