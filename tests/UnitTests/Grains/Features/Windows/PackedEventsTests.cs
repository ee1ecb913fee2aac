using CsCheck;
using OrleansInference.Grains.Features.Windows;

namespace UnitTests.Grains.Features.Windows;

/// <summary>Events keep their times to the tick and their values to the bit, however far apart they are.</summary>
public sealed class PackedEventsTests
{
    private static readonly long Noon = new DateTime(2026, 4, 1, 12, 0, 0, DateTimeKind.Utc).Ticks;

    // Within the time that six bytes hold, around its limits, and anywhere.
    private static readonly Gen<long> Ticks = Gen.OneOf(
        Gen.Long[Noon - TimeSpan.TicksPerDay * 30, Noon],
        Gen.Long[Noon - TimeSpan.TicksPerDay * 330, Noon],
        Gen.Long[DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks]);

    [Fact]
    public void Insert_AnyTimesInAnyOrder_AreReadAsTheyCame() =>
        Gen.Select(Ticks.Array[0, 60], Gen.Int[0, 3]).Sample((times, fields) =>
        {
            var (events, expected) = (new PackedEvents(fields), new List<WindowEvent>());
            events.Resize(times.Length);
            for (var i = 0; i < times.Length; i++) Insert(ref events, expected, new WindowEvent(times[i], [.. Enumerable.Range(0, fields).Select(field => field == 1 ? double.NaN : i + field / 8.0)]));

            AssertSame(expected, events, fields);
            AssertSame(expected, events.Clone(), fields);
        });

    [Fact]
    public void RemoveRange_AnyPart_LeavesTheOthers() =>
        Gen.Select(Ticks.Array[1, 40], Gen.Int[0, 39], Gen.Int[0, 39]).Sample((times, one, other) =>
        {
            var (events, expected) = (new PackedEvents(1), new List<WindowEvent>());
            events.Resize(times.Length);
            foreach (var ticks in times) Insert(ref events, expected, new WindowEvent(ticks, [ticks]));
            var (from, to) = (Math.Min(Math.Min(one, other), times.Length), Math.Min(Math.Max(one, other), times.Length));

            events.RemoveRange(from, to - from);
            expected.RemoveRange(from, to - from);

            AssertSame(expected, events, 1);
        });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Clone_TheOtherChanges_StaysAsItWas(int room)
    {
        var events = new PackedEvents(1);
        events.Resize(room);
        events.Insert(0, new WindowEvent(Noon, [1]));
        var clone = events.Clone();

        events.RemoveRange(0, 1);
        events.Insert(0, new WindowEvent(Noon - 1, [2]));

        Assert.Equal((1, Noon, 1.0), (clone.Count, clone.TimeAt(0), clone.ValueAt(0, 0)));
    }

    [Fact]
    public void Clone_NoEvents_HasNone() => Assert.Equal((0, 0), (new PackedEvents(1).Clone().Count, new PackedEvents(1).Clone().Capacity));

    [Theory]
    [InlineData(30, 14)]
    [InlineData(324, 14)]
    [InlineData(3650, 16)]
    public void Insert_EventsWithinSoManyDays_NeedSoManyBytesEach(int days, int bytes)
    {
        var events = new PackedEvents(fields: 1);
        events.Resize(2);

        events.Insert(0, new WindowEvent(Noon, [1]));
        events.Insert(1, new WindowEvent(Noon + days * TimeSpan.TicksPerDay, [1]));

        Assert.Equal(bytes, events.Size);
        Assert.Equal(2, events.Capacity);
    }

    private static void Insert(ref PackedEvents events, List<WindowEvent> expected, WindowEvent one)
    {
        var place = expected.FindLastIndex(before => before.Ticks <= one.Ticks) + 1;
        expected.Insert(place, one);
        events.Insert(place, one);
    }

    private static void AssertSame(List<WindowEvent> expected, PackedEvents events, int fields)
    {
        Assert.Equal(expected.Count, events.Count);
        for (var i = 0; i < expected.Count; i++)
        {
            Assert.Equal(expected[i].Ticks, events.TimeAt(i));
            for (var field = 0; field < fields; field++) Assert.Equal(expected[i].Values[field], events.ValueAt(i, field));
        }
    }
}
