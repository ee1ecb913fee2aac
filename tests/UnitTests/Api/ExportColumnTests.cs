using OrleansInference;
using OrleansInference.Api.Export;

namespace UnitTests.Api;

/// <summary>The columns of an export, with names and order that training code relies on.</summary>
public sealed class ExportColumnTests
{
    [Fact]
    public void Of_Features_AreFollowedByTheirAges()
    {
        var names = ExportColumn.Of([new("request.amount", IsText: false), new("profile.name", IsText: true)]).Select(column => column.Name);

        Assert.Equal(
            ["at", "request.amount", "profile.name", "request.amount_age_seconds", "profile.name_age_seconds", "not_fresh"],
            names.SkipWhile(name => name != "at").TakeWhile(name => name != "prediction"));
    }

    [Theory]
    [InlineData(0, 0.0)]
    [InlineData(1, 0.001)]
    [InlineData(90_061_007, 90_061.007)]
    public void Of_Age_IsInSecondsToTheMillisecond(int ageMs, double expected) =>
        Assert.Equal(expected, Read("profile.x_age_seconds", new UsedFeature("profile.x", 7.0, TimeSpan.FromMilliseconds(ageMs), "fresh")));

    [Fact]
    public void Of_AgeOfAMissingValue_IsThatOfTheLog() =>
        Assert.Equal(3.0, Read("profile.x_age_seconds", new UsedFeature("profile.x", null, TimeSpan.FromSeconds(3), "default")));

    [Fact]
    public void Of_PredictionWithoutTheFeature_HasNeitherValueNorAge()
    {
        Assert.Null(Read("profile.x"));
        Assert.Null(Read("profile.x_age_seconds"));
    }

    [Fact]
    public void Of_FeatureNamedAsTheAgeOfAnother_KeepsItsName()
    {
        var columns = ExportColumn.Of([new("profile.x", IsText: false), new("profile.x_age_seconds", IsText: false), new("profile.x__age_seconds", IsText: false)]);

        Assert.Equal(columns.Count, columns.Select(column => column.Name).Distinct().Count());
        var prediction = Prediction(
            new UsedFeature("profile.x", 7.0, TimeSpan.FromSeconds(1), "fresh"),
            new UsedFeature("profile.x_age_seconds", 40.0, TimeSpan.FromSeconds(2), "fresh"));
        Assert.Equal(
            (40.0, 1.0, 2.0),
            (Read(columns, "profile.x_age_seconds", prediction), Read(columns, "profile.x___age_seconds", prediction), Read(columns, "profile.x_age_seconds___age_seconds", prediction)));
    }

    private static object? Read(string column, params UsedFeature[] features) =>
        Read(ExportColumn.Of([new ExportFeature("profile.x", IsText: false)]), column, Prediction(features));

    private static object? Read(IReadOnlyList<ExportColumn> columns, string name, RecordedPrediction prediction) =>
        columns.Single(column => column.Name == name).Read(prediction);

    private static RecordedPrediction Prediction(params UsedFeature[] features) => new()
    {
        PredictionId = Guid.CreateVersion7(),
        UserId = "42",
        Model = "fraud",
        ModelVersion = 1,
        CreatedAt = DateTimeOffset.UnixEpoch,
        Value = 0.5,
        Info = "",
        Degraded = false,
        Features = features,
    };
}
