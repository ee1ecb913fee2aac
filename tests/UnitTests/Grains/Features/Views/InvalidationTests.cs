using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;

namespace UnitTests.Grains.Features.Views;

/// <summary>Somebody says that a user's row has changed.</summary>
public sealed class InvalidationTests
{
    private readonly CachedViewBuilder _view = new();
    private readonly CachedFeatureView _cached;

    public InvalidationTests() => _cached = _view.Build(options => (options.InvalidationChannel, options.StaleWhileRevalidate) = ("changes", TimeSpan.FromHours(1)));

    public static TheoryData<string> Words => ["of the user", "of all", "by the user's grain"];

    [Theory, MemberData(nameof(Words))]
    public async Task Word_ValueIsCached_IsReadAgainBeforeUse(string word)
    {
        _view.Answer(5);
        await _view.ReadAsync(_cached);
        _view.Answer(6);

        Say(word);

        Assert.Equal((false, "stale"), (_cached.IsFresh, _cached.Describe().Status));
        Assert.Equal(FeatureValue.Of(6), (await _view.ReadAsync(_cached)).Values[0]);
        Assert.True(_cached.IsFresh);
    }

    [Theory, MemberData(nameof(Words))]
    public async Task Word_QueryIsUnderWay_ItsAnswerDoesNotCountForLaterCallers(string word)
    {
        var first = _view.HoldAnswer();
        var before = _view.ReadAsync(_cached);
        Say(word);
        var second = _view.HoldAnswer();
        var after = _view.ReadAsync(_cached);
        Assert.Equal(1, _view.Database.Queries);

        first.SetResult([FeatureValue.Of(5)]);
        Assert.Equal((2, 1), (_view.Database.Queries, _view.Database.UnderWay));
        second.SetResult([FeatureValue.Of(6)]);

        Assert.Equal(6, (await after).Values[0].Number);
        await before;
        Assert.True(_cached.IsFresh);
    }

    [Fact]
    public async Task Word_OfAnotherUser_ChangesNothing()
    {
        await _view.ReadAsync(_cached);

        _view.View.MarkChanged("43");

        Assert.True(_cached.IsFresh);
    }

    [Fact]
    public async Task Word_ThenTheQueryFails_TheOldValueMayStandInAsStale()
    {
        _view.Options.StaleIfError = TimeSpan.FromSeconds(30);
        _view.Answer(5);
        await _view.ReadAsync(_cached);
        _view.View.MarkChanged("42");
        _view.Fail();

        Assert.Equal(FeatureValue.Of(5) with { Status = FeatureStatus.Stale }, (await _view.ReadAsync(_cached)).Values[0]);
    }

    // While the user was in no silo's memory, nobody heard what was said.
    [Fact]
    public async Task PutBack_WhatWasPushedBefore_GivesWayToTheRow()
    {
        var back = PutBack();
        _view.Answer(10);

        Assert.Equal((false, "stale"), (back.IsFresh, back.Describe().Status));
        Assert.Equal(FeatureValue.Of(10), (await _view.ReadAsync(back)).Values[0]);
        Assert.Equal((true, 1), (back.IsFresh, _view.Database.Queries));
    }

    [Theory]
    [InlineData(-1, 9)]
    [InlineData(0, 10)]
    public async Task PutBack_EventTimeColumn_TheLaterOfPushAndRowStands(int rowAfterPush, double expected)
    {
        _view.Options.EventTimeColumn = "updated";
        _view.Database.EventTime = _view.Now.AddSeconds(rowAfterPush);
        var back = PutBack();
        _view.Answer(10);

        // Not read yet, and kept nevertheless: a push of another feature writes all of them.
        Assert.Equal(9, Assert.Single(back.GetPushed()!.Columns).Number);
        Assert.Equal(FeatureValue.Of(expected), (await _view.ReadAsync(back)).Values[0]);
        Assert.Equal((true, 1), (back.IsFresh, _view.Database.Queries));
    }

    [Fact]
    public async Task PutBack_DatabaseFails_IsNotCalledFresh()
    {
        _view.Options.StaleIfError = TimeSpan.FromSeconds(30);
        var back = PutBack();
        _view.Fail();

        Assert.Equal(FeatureValue.Of(9) with { Status = FeatureStatus.Stale }, (await _view.ReadAsync(back)).Values[0]);
    }

    [Fact]
    public void Dispose_CachedView_LeavesTheRegistry()
    {
        var other = new CachedFeatureView(_view.View, "43");
        Assert.Equal(2, _view.View.Marks.Count);

        other.Dispose();
        _cached.Dispose();

        Assert.Equal(0, _view.View.Marks.Count);
    }

    [Fact]
    public async Task Dispose_ALaterActivationIsRegistered_KeepsItsPlace()
    {
        var later = new CachedFeatureView(_view.View, "42");
        await _view.ReadAsync(later);

        _cached.Dispose();
        _view.View.MarkChanged("42");

        Assert.False(later.IsFresh);
    }

    [Fact]
    public void Register_ViewWithoutChannel_KeepsNobody()
    {
        var plain = new CachedViewBuilder();
        plain.Build();

        Assert.Equal(0, plain.View.Marks.Count);
    }

    // Another activation of the user, which was given what the first one kept.
    private CachedFeatureView PutBack()
    {
        _cached.Push([(0, FeatureValue.Of(9))], _view.Now);
        var pushed = _cached.GetPushed()!;
        _cached.Dispose();
        var back = new CachedFeatureView(_view.View, "42");
        back.PutBack(pushed);
        return back;
    }

    private void Say(string word)
    {
        if (word == "of the user") _view.View.MarkChanged("42");
        else if (word == "of all") _view.View.MarkAllChanged();
        else _cached.Invalidate();
    }
}
