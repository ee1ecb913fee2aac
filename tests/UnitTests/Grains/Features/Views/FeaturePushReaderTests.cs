using OrleansInference;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;

namespace UnitTests.Grains.Features.Views;

public sealed class FeaturePushReaderTests
{
    private readonly CachedViewBuilder _view = new();

    public FeaturePushReaderTests() => _view.Options.Columns["name"] = new FeatureColumnOptions { Type = "text" };

    [Fact]
    public void Read_Values_AreFeaturesByColumn()
    {
        var (values, eventTime) = Read(new FeaturePush { EventTime = "2026-04-01T11:30:00Z", Values = [new("name", "x"), new("count", 3)] });

        Assert.Equal([(1, FeatureValue.Of("x")), (0, FeatureValue.Of(3))], values);
        Assert.Equal(new DateTimeOffset(2026, 4, 1, 11, 30, 0, TimeSpan.Zero), eventTime);
    }

    [Fact]
    public void Read_NoEventTime_IsTheArrival() => Assert.Equal(_view.Now, Read(new FeaturePush { Values = [new("count", 3)] }).EventTime);

    [Fact]
    public void Read_TrueAndNull_AreOneAndTheDefault() => Assert.Equal(
        [(0, FeatureValue.Of(1)), (1, FeatureValue.Missing)],
        Read(new FeaturePush { Values = [new("count", true), new("name", default)] }).Values);

    [Fact]
    public void Read_EventTimeFiveMinutesAhead_IsTaken() => Assert.Equal(
        _view.Now.AddMinutes(5), Read(new FeaturePush { EventTime = _view.Now.AddMinutes(5), Values = [new("count", 3)] }).EventTime);

    [Fact]
    public void Read_EveryFault_IsToldWithFieldAndValue()
    {
        var fault = Assert.Throws<InferenceException>(() => Read(new FeaturePush
        {
            EventTime = _view.Now.AddMinutes(5).AddSeconds(1),
            Values = [new("other", 1), new("count", "many"), new("name", 5), new("count", RequestValue.Infinite("1e999")), new("name", new string('x', 1025))],
        }));

        Assert.Equal(InferenceErrorCode.InvalidInput, fault.Code);
        Assert.Equal(
            [
                new FieldError("event_time", "must not be after 2026-04-01T12:05:00Z (now plus 5 minutes); a number is taken as Unix seconds", "\"2026-04-01T12:05:01.0000000+00:00\""),
                new FieldError("values.other", "is not a feature of view spending; its features are count, name", "1"),
                new FieldError("values.count", "must be a finite number, true, false or null", "\"many\""),
                new FieldError("values.name", "must be a string of valid Unicode, or null", "5"),
                new FieldError("values.count", "must be a finite number, true, false or null", "1e999"),
            ],
            fault.Fields.Take(5));
        Assert.Equal("must have at most 1024 characters, but has 1025", fault.Fields[5].Message);
    }

    [Fact]
    public void Read_NothingOrTwice_IsRefused()
    {
        Assert.Equal("values", Faults(new FeaturePush { Values = [] }).Single().Field);
        Assert.Equal("was sent twice; send it once", Faults(new FeaturePush { Values = [new("count", 1), new("count", 2)] }).Single().Message);
        Assert.Equal("event_time", Faults(new FeaturePush { EventTime = "yesterday", Values = [new("count", 1)] }).Single().Field);
    }

    [Fact]
    public void Read_ViewThatAlwaysReads_IsRefusedWithTheSetting()
    {
        _view.Options.Ttl = TimeSpan.Zero;

        Assert.Equal(
            "spending reads its database for every prediction (Ttl = 00:00:00, MaxAge = none), so that a push would not hold. Raise Inference:FeatureViews:spending:Ttl, or set EventTimeColumn.",
            Faults(new FeaturePush { Values = [new("count", 1)] }).Single().Message);
    }

    private IReadOnlyList<FieldError> Faults(FeaturePush push) => Assert.Throws<InferenceException>(() => Read(push)).Fields;

    private (IReadOnlyList<(int Column, FeatureValue Value)> Values, DateTimeOffset EventTime) Read(FeaturePush push) => FeaturePushReader.Read(_view.View, push, _view.Now);
}
