using CsCheck;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Windows;
using UnitTests.Fakes;

namespace UnitTests.Grains.Features.Windows;

/// <summary>What a window says, against a recomputation that keeps everything and scans it all.</summary>
public sealed class EventWindowTests
{
    private static readonly long Noon = new DateTimeOffset(2026, 4, 1, 12, 0, 0, TimeSpan.Zero).UtcTicks;

    [Fact]
    public void Read_EventAtTheEdges_IsInWhereTheWindowEndsAndOutWhereItBegins()
    {
        var window = new EventWindow(WindowViews.Spending());
        Add(window, 0, 10);
        Add(window, TimeSpan.TicksPerDay, 20);

        Assert.Equal(1, Column(window, TimeSpan.TicksPerDay, "count_1d").Number);
        Assert.Equal(2, Column(window, TimeSpan.TicksPerDay - 1, "count_1d").Number + Column(window, TimeSpan.TicksPerDay, "count_1d").Number);
        Assert.Equal(2, Column(window, TimeSpan.TicksPerDay, "count_7d").Number);
        Assert.Equal(0, Column(window, -1, "count_7d").Number);
    }

    [Fact]
    public void Read_EmptyWindow_CountsNothingAndHasNoMean()
    {
        var window = new EventWindow(WindowViews.Spending(options => options.Columns["mean_1d"].Default = "7"));

        Assert.Equal(FeatureValue.Of(0), Column(window, 0, "count_1d"));
        Assert.Equal(FeatureValue.Of(0), Column(window, 0, "sum_1d"));
        Assert.Equal(FeatureValue.Of(7).AsDefault(), Column(window, 0, "mean_1d"));
        Assert.True(Column(window, 0, "max_1d").IsMissing);
    }

    [Fact]
    public void Read_EqualTimes_LastIsTheOneThatCameLast()
    {
        var window = new EventWindow(WindowViews.Spending());
        Add(window, 0, 10);
        Add(window, 0, 30);
        Add(window, 0, 20);

        Assert.Equal(20, Column(window, 0, "last_1d").Number);
    }

    [Fact]
    public void Read_LateEvent_IsWhereItBelongs()
    {
        var window = new EventWindow(WindowViews.Spending());
        Add(window, TimeSpan.TicksPerHour, 10);
        Add(window, 0, 30);

        Assert.Equal(10, Column(window, TimeSpan.TicksPerHour, "last_1d").Number);
        Assert.Equal(30, Column(window, 0, "last_1d").Number);
    }

    [Fact]
    public void Remove_OneOfMany_IsAsIfItHadNeverBeen() => Event.Array[1, 40].Sample(events =>
    {
        var (window, without) = (new EventWindow(WindowViews.Spending()), new EventWindow(WindowViews.Spending()));
        foreach (var one in events) window.Add(one, long.MaxValue);
        foreach (var one in events[1..]) without.Add(one, long.MaxValue);

        window.Remove(events[0]);

        var at = events.Max(one => one.Ticks);
        Assert.Equal(without.Read(at), window.Read(at));
    });

    [Fact]
    public void Copy_OneIsTakenOutOfIt_LeavesTheOriginal() => Event.Array[1, 40].Sample(events =>
    {
        var window = new EventWindow(WindowViews.Spending());
        foreach (var one in events) window.Add(one, long.MaxValue);
        var at = events.Max(one => one.Ticks);
        var before = window.Read(at);

        window.Copy().Remove(events[0]);

        Assert.Equal(before, window.Read(at));
    });

    [Fact]
    public void Read_AnyEventsInAnyOrder_IsTheRecomputation() => Gen.Select(Event.Array[0, 200], Gen.Long[-10, 10 * 24]).Sample((events, hours) =>
    {
        var view = WindowViews.Spending(options => options.AllowedLateness = TimeSpan.FromDays(3650));
        var window = new EventWindow(view);
        foreach (var one in events) Place(window, one);

        AssertIsRecomputation(view, events, window, Noon + hours * TimeSpan.TicksPerHour);
    });

    [Fact]
    public void Read_OldEventsForgotten_IsTheRecomputationWhileNoEventIsTooLate() => Event.Array[1, 400].Sample(unordered =>
    {
        var view = WindowViews.Spending(options => options.AllowedLateness = TimeSpan.Zero);
        var window = new EventWindow(view);
        var events = unordered.Select((one, i) => one with { Ticks = Noon + i * TimeSpan.TicksPerHour + one.Ticks % TimeSpan.TicksPerHour }).ToArray();
        for (var i = 0; i < events.Length; i++)
        {
            Assert.False(window.IsTooLate(events[i].Ticks));
            Place(window, events[i]);
            if (i % 37 == 0) AssertIsRecomputation(view, events[..(i + 1)], window, events[i].Ticks);
        }

        // A week of hours and the slack of a growing array, whatever came.
        Assert.InRange(window.Count, 1, 24 * 7 * 2);
    });

    [Fact]
    public void Read_MoreThanMaxEvents_IsExactOrSaysApproximate() => Event.Array[50, 400].Sample(unordered =>
    {
        var view = WindowViews.Spending(options => (options.MaxEvents, options.AllowedLateness) = (16, TimeSpan.Zero));
        var window = new EventWindow(view);
        var events = unordered.OrderBy(one => one.Ticks).ToArray();
        foreach (var one in events) Place(window, one);

        var at = events[^1].Ticks;
        var (read, expected) = (window.Read(at), Recomputation.Read(view, events, at));
        Assert.InRange(window.Count, 1, 16);
        Assert.InRange(window.Buckets.Length, 1, 70);
        for (var i = 0; i < read.Length; i++)
        {
            if (read[i].Status is not FeatureStatus.Approximate) AssertSame(view.Columns[i].Name, expected[i], read[i]);
        }
    });

    [Fact]
    public void Add_ProvisionalEventsBeyondMaxEvents_KeepsThemOneByOne()
    {
        var window = new EventWindow(WindowViews.Spending(options => options.MaxEvents = 4));
        for (var i = 0; i < 100; i++) window.Add(At(i, i), keepFrom: Noon);
        for (var i = 0; i < 100; i++) window.Remove(At(i, i));

        Assert.Equal(0, window.Count);
        Assert.Equal(0, Column(window, 1000, "count_7d").Number);
    }

    [Fact]
    public void IsTooLate_BehindTheNewestCommitted_ByMoreThanAllowed()
    {
        var window = new EventWindow(WindowViews.Spending(options => options.AllowedLateness = TimeSpan.FromHours(1)));
        Assert.False(window.IsTooLate(Noon));
        window.Add(At(2 * TimeSpan.TicksPerHour, 1), long.MaxValue);
        Assert.False(window.IsTooLate(Noon));

        window.Commit(At(2 * TimeSpan.TicksPerHour, 1));

        Assert.True(window.IsTooLate(Noon + TimeSpan.TicksPerHour - 1));
        Assert.False(window.IsTooLate(Noon + TimeSpan.TicksPerHour));
    }

    [Fact]
    public void Codec_AnyWindow_ComesBackTheSame() => Event.Array[0, 200].Sample(unordered =>
    {
        var view = WindowViews.Spending(options => options.MaxEvents = 32);
        var window = new EventWindow(view);
        foreach (var one in unordered) Place(window, one);

        var restored = EventWindowCodec.Decode(view, EventWindowCodec.Encode(window));

        Assert.Equal(EventWindowCodec.Encode(window), EventWindowCodec.Encode(restored));
        foreach (var at in unordered.Select(one => one.Ticks).Append(Noon)) Assert.Equal(window.Read(at), restored.Read(at));
        Assert.Equal(window.Newest, restored.Newest);
    });

    [Fact]
    public void Decode_CutAnywhereOrNewer_IsRefused()
    {
        var window = new EventWindow(WindowViews.Spending());
        Add(window, 0, 1);
        var bytes = EventWindowCodec.Encode(window);

        for (var length = 0; length < bytes.Length; length++) Assert.Throws<InvalidDataException>(() => EventWindowCodec.Decode(window.View, bytes[..length]));
        bytes[0] = 2;
        Assert.Contains("format 2", Assert.Throws<InvalidDataException>(() => EventWindowCodec.Decode(window.View, bytes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_ViewWithAnotherField_FindsTheFieldsByName()
    {
        var window = new EventWindow(WindowViews.Spending());
        Add(window, 0, 5);
        var wider = WindowViews.Spending(options => options.Columns.Add("places", new WindowColumnOptions { Aggregate = "distinct", Of = "place", Window = TimeSpan.FromDays(1) }));

        var restored = EventWindowCodec.Decode(wider, EventWindowCodec.Encode(window));

        Assert.Equal(5, Column(restored, 0, "sum_1d").Number);
        Assert.Equal(0, Column(restored, 0, "places").Number);
    }

    // Times within ten days at few instants, so that equal ones are common; values of a few kinds, some missing.
    private static Gen<WindowEvent> Event => Gen.Select(Gen.Long[0, 240], Gen.OneOf(Gen.Double[0, 100], Gen.Const(5.0), Gen.Const(double.NaN)))
        .Select((hours, value) => new WindowEvent(Noon + hours * TimeSpan.TicksPerHour, [value]));

    private static WindowEvent At(long ticks, double value) => new(Noon + ticks, [value]);

    private static void Add(EventWindow window, long ticks, double value) => Place(window, At(ticks, value));

    private static void Place(EventWindow window, WindowEvent one)
    {
        window.Add(one, long.MaxValue);
        window.Commit(one);
    }

    private static FeatureValue Column(EventWindow window, long ticks, string name)
    {
        for (var i = 0; i < window.View.Columns.Count; i++)
        {
            if (window.View.Columns[i].Name == name) return window.Read(Noon + ticks)[i];
        }

        throw new ArgumentException(name, nameof(name));
    }

    private static void AssertIsRecomputation(WindowView view, WindowEvent[] events, EventWindow window, long at)
    {
        var (read, expected) = (window.Read(at), Recomputation.Read(view, events, at));
        for (var i = 0; i < read.Length; i++) AssertSame(view.Columns[i].Name, expected[i], read[i]);
    }

    private static void AssertSame(string column, FeatureValue expected, FeatureValue read)
    {
        Assert.True(expected.Type == read.Type && expected.Status == read.Status, $"{column}: {expected} expected, {read} read");
        if (!expected.IsMissing) Assert.True(Math.Abs(expected.Number - read.Number) <= 1e-9 * Math.Max(1, Math.Abs(expected.Number)), $"{column}: {expected.Number} expected, {read.Number} read");
    }
}
