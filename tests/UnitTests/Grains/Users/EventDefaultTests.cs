using OrleansInference.Grains.Features;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;
using UnitTests.Fakes;

namespace UnitTests.Grains.Users;

/// <summary>An event without a field of its own has the field's default, as the model sees it: in the window, and in the log.</summary>
public sealed class EventDefaultTests
{
    // The column mean_1d.
    private const int Mean = 2;

    [Fact]
    public async Task Predict_DefaultOfAnotherSource_IsInTheWindowAndInTheLog()
    {
        var user = Create(profile: FeatureValue.Of(40), orElse: 0);
        await user.PredictAsync(amount: 60);

        await user.PredictAsync(amount: null);

        AssertAmounts(user, 60, 40);
    }

    [Fact]
    public async Task Predict_SourceHasNone_OrElseIsInTheWindowAndInTheLog()
    {
        var user = Create(profile: FeatureValue.Missing, orElse: 7);
        await user.PredictAsync(amount: 5);

        await user.PredictAsync(amount: null);

        AssertAmounts(user, 5, 7);
    }

    [Fact]
    public async Task Predict_DefaultIsOverridden_TheCallersValueIsInTheWindowAndInTheLog()
    {
        var user = Create(profile: FeatureValue.Of(40), orElse: 0);

        await user.PredictAsync(amount: null, overrides: [new FeatureOverride(user.Plan.Sources[1].Offset, FeatureValue.Of(12))]);

        AssertAmounts(user, 12);
    }

    // Each is the model's input, a value in the window, and the event's in the log.
    private static void AssertAmounts(WindowUser user, params double[] amounts)
    {
        var bodies = user.Log.Records.Select(record => PredictionBody.Decode(record.Body)).ToArray();
        Assert.Equal(amounts, bodies.Select(body => body.Features[0].Value.Number));
        Assert.Equal(amounts, bodies.Select(body => body.Event!.Fields[0].Value));
        Assert.Equal(amounts.Average(), user.Counted.Values.Last()[Mean].Number, 1e-9);
        user.AssertCountedWhatIsLogged();
    }

    // Every prediction is an event, whose amount is the profile's where it was not sent.
    private static WindowUser Create(FeatureValue profile, double orElse) => new(plan: plan =>
    {
        var source = new FakeFeatureSource("profile", new FeatureColumn("usual_amount", FeatureType.Number, "usual_amount", profile));
        var amount = plan.Request.Fields[0] with { DefaultFeature = "profile.usual_amount", Default = FeatureValue.Of(orElse).AsDefault() };
        return plan with
        {
            Request = new RequestContract(plan.Model, [amount, plan.Request.Fields[1]]),
            Sources = [.. plan.Sources, new PlannedSource(source, plan.Schema.Names.Count)],
            Schema = FeatureSchema.Of([.. plan.Schema.Names, "profile.usual_amount"]),
            Defaults = [new PlannedDefault(0, plan.Schema.Names.Count, amount.Default)],
            Event = plan.Event! with { Given = null },
        };
    });
}
