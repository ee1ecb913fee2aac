using OrleansInference.Grains.Features.Windows;

namespace UnitTests.Grains.Models.Planning;

/// <summary>What <c>predict.event</c> may say, and what it is told where it may not.</summary>
public sealed class EventCompilerTests
{
    private const string Good = """{ "view": "live", "fields": { "value": "amount", "place": "terminal" }, "when": "amount given" }""";

    private readonly PlanBuilder _plan = new();

    [Fact]
    public void Compile_GoodEvent_HasTheFieldsInTheViewsOrder()
    {
        var plan = _plan.With("event", Good).Compile();

        Assert.Equal(["place", "value"], plan.Event!.View.Fields);
        Assert.Equal([0, 1], plan.Event.Fields);
        Assert.Equal((null, 1), (plan.Event.Time, plan.Event.Given));
        Assert.True(plan.HasWindows);
    }

    [Fact]
    public void Compile_WindowViewAmongTheFeatures_IsPlannedAsAWindow()
    {
        var plan = _plan.With("features", """[ "spending", "live" ]""").Compile();

        var window = Assert.Single(plan.Windows);
        Assert.Equal(("live", 1, 4), (window.View.Name, window.Source, window.Offset));
    }

    [Theory]
    [InlineData("""{ "view": "spending" }""", "predict.event.view: 'spending' is not a configured view of kind Window. Add Inference:FeatureViews:spending with Kind Window, or name one of: live.")]
    [InlineData("""{ "view": "live", "value": "amount" }""", "predict.event.fields.place: view live aggregates 'place', which the event does not fill. Name the request field that does.")]
    [InlineData("""{ "view": "live", "fields": { "value": "terminal", "place": "terminal" } }""", "predict.event.fields.value: 'terminal' is a string, of which only distinct can be computed. Name a number, or change the aggregates of 'value' in Inference:FeatureViews:live.")]
    [InlineData("""{ "view": "live", "fields": { "value": "sum", "place": "terminal" } }""", "predict.event.fields.value: predict.request declares no field 'sum'. Its fields are: terminal, amount.")]
    [InlineData("""{ "view": "live", "fields": { "value": "amount", "place": "terminal", "more": "amount" } }""", "predict.event.fields: 'more' is not a field of view live. Its columns aggregate: place, value.")]
    [InlineData("""{ "view": "live", "value": "amount", "fields": { "value": "amount", "place": "terminal" } }""", "predict.event.value: stands beside fields.value. Keep one of the two.")]
    [InlineData("""{ "view": "live", "fields": { "value": "amount", "place": "terminal" }, "time": "amount" }""", "predict.event.time: 'amount' is no timestamp. Name a field of type timestamp.")]
    [InlineData("""{ "view": "live", "fields": { "value": "amount", "place": "terminal" }, "when": "amount > 0" }""", "predict.event.when: 'amount > 0' is not understood. Write \"<field> given\", such as \"amount given\", or leave it out.")]
    public void Compile_BadEvent_IsToldWithItsPlaceAndRemedy(string section, string fault) => Assert.Contains(fault, _plan.With("event", section).Faults());

    [Fact]
    public void Compile_TimeByAFeature_IsToldThatItMustBeKnownBefore() => Assert.Contains(
        "predict.event.time: 'at' takes the feature 'spending.mean' where it was not sent, but when an event happened must be known before features are read. Give the field \"default\": \"now\", or make it required.",
        _plan.With("request.at", """{ "type": "timestamp", "default": { "feature": "spending.mean" } }""").With("event", """{ "view": "live", "fields": { "value": "amount", "place": "terminal" }, "time": "at" }""").Faults());

    [Theory]
    [InlineData("bestEffort")]
    [InlineData("off")]
    public void Compile_LoggingNotRequired_IsRefusedWithWindows(string logging) => Assert.Contains(
        $"predict.logging: '{logging}' would leave live windows without a journal. Write required, or use no view of kind Window.",
        _plan.With("event", Good).With("logging", $"\"{logging}\"").Faults());

    [Theory]
    [InlineData("many", "1.00:00:00", null, "Inference:FeatureViews:w:Columns:a:Aggregate is 'many'. Set it to count, sum, mean, min, max, last, distinct or rate.")]
    [InlineData("mean", "00:00:00", null, "Inference:FeatureViews:w:Columns:a:Window is 00:00:00. Set it above zero and to 3650.00:00:00 or less.")]
    [InlineData("mean", "1.00:00:00", "x", "Inference:FeatureViews:w:Columns:a:Default is 'x', which is not a finite number. Correct it.")]
    [InlineData("count", "1.00:00:00", "1", "Inference:FeatureViews:w:Columns:a:Default is '1', but Count of an empty window is 0. Remove the default.")]
    public void WindowView_BadColumn_StopsTheStartWithTheSetting(string aggregate, string window, string? absent, string fault)
    {
        var options = new WindowViewOptions { Columns = { ["a"] = new() { Aggregate = aggregate, Window = TimeSpan.Parse(window, System.Globalization.CultureInfo.InvariantCulture), Default = absent } } };

        Assert.Equal(fault, Assert.Throws<OrleansInference.Grains.InferenceStartupException>(() => new WindowView("w", options)).Message);
    }
}
