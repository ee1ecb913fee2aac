using System.Globalization;
using System.Net;
using System.Text.Json;
using IntegrationTests.Infrastructure;
using OrleansInference.Grains.Features;

namespace IntegrationTests;

/// <summary>What the optional fields of a request do to the features, as recorded.</summary>
public sealed class FieldTests(DemoServer demo)
{
    private static readonly DateTimeOffset Noon = new(DateTime.UtcNow.Date.AddDays(-2).AddHours(12), TimeSpan.Zero);

    [Fact]
    public async Task At_AnyFormOfOneInstant_GivesTheSameFeatures()
    {
        var at = Noon.AddTicks(1_234_560);
        string[] forms =
        [
            Iso(at, "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'"),
            Iso(at, "yyyy-MM-dd'T'HH:mm:ss.ffffff"),
            Iso(at, "yyyy-MM-dd HH:mm:ss.fffffff"),
            Iso(at.ToOffset(TimeSpan.FromMinutes(330)), "yyyy-MM-dd'T'HH:mm:ss.ffffffzzz"),
            Iso(at.ToOffset(TimeSpan.FromHours(-8)), "yyyy-MM-dd'T'HH:mm:ss.ffffffzzz"),
            $"{at.ToUnixTimeSeconds()}.123456",
        ];

        await AssertSameFeaturesAsync(at, forms);
    }

    [Fact]
    public async Task At_WholeSeconds_NeedsNoFraction()
    {
        string[] forms =
        [
            Iso(Noon, "yyyy-MM-dd'T'HH:mm:ss'Z'"), Iso(Noon, "yyyy-MM-dd'T'HH:mm:ss.f'Z'"), Iso(Noon, "yyyy-MM-dd'T'HH:mm'Z'"), Iso(Noon, "yyyy-MM-dd'T'HH:mm"),
            Iso(Noon, "yyyy-MM-dd HH:mm:ss"), $"{Noon.ToUnixTimeSeconds()}", $"{Noon.ToUnixTimeSeconds()}.0", $"{Noon.ToUnixTimeSeconds()}00e-2",
        ];

        await AssertSameFeaturesAsync(Noon, forms);
    }

    [Fact]
    public async Task At_DateOnly_IsMidnightUtc()
    {
        var midnight = Noon.AddHours(-12);

        await AssertSameFeaturesAsync(midnight, [Iso(midnight, "yyyy-MM-dd"), Iso(midnight, "yyyy-MM-dd'T'HH:mm:ss'Z'")]);
    }

    [Fact]
    public async Task At_AnotherInstant_GivesOtherFeatures()
    {
        var noon = await PredictAsync($$"""{"user_id": 61, "raw_feature": "3156", "at": {{Noon.ToUnixTimeSeconds()}}}""");
        var night = await PredictAsync($$"""{"user_id": 61, "raw_feature": "3156", "at": {{Noon.AddHours(-11).ToUnixTimeSeconds()}}}""");

        Assert.Equal(0, noon["calendar.is_night"].Number);
        Assert.Equal(1, night["calendar.is_night"].Number);
    }

    [Theory]
    [InlineData("")]
    [InlineData(""", "at": null""")]
    public async Task At_NotSent_IsNow(string field)
    {
        var before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1e3;

        var features = await PredictAsync($$"""{"user_id": 61, "raw_feature": "3156"{{field}}}""");

        Assert.InRange(features["request.at"].Number, before, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1e3 + 0.001);
        Assert.Equal(FeatureStatus.Default, features["request.at"].Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData(""", "amount": null""")]
    public async Task Amount_NotSent_IsTheUsersMean(string field)
    {
        var features = await PredictAsync($$"""{"user_id": 63, "raw_feature": "3156"{{field}}}""");

        Assert.True(features["spending.mean_30d"].Number > 0);
        Assert.Equal(features["spending.mean_30d"].Number, features["request.amount"].Number);
        Assert.Equal(FeatureStatus.Default, features["request.amount"].Status);
    }

    [Fact]
    public async Task Amount_NotSentForAnUnknownUser_IsZero()
    {
        var features = await PredictAsync("""{"user_id": "no-history", "raw_feature": "3156"}""");

        Assert.Equal(0, features["request.amount"].Number);
        Assert.Equal(FeatureStatus.Default, features["request.amount"].Status);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("-0", 0)]
    [InlineData("1e2", 100)]
    [InlineData("12.5", 12.5)]
    [InlineData("1000000", 1_000_000)]
    public async Task Amount_Sent_IsUsed(string amount, double expected)
    {
        var features = await PredictAsync($$"""{"user_id": 42, "raw_feature": "3156", "amount": {{amount}}}""");

        Assert.Equal(expected, features["request.amount"].Number);
        Assert.Equal(FeatureStatus.Fresh, features["request.amount"].Status);
    }

    [Theory]
    [InlineData("raw_feature")]
    [InlineData("terminal_id")]
    public async Task RawFeature_NameOrAlias_IsOneField(string name)
    {
        var features = await PredictAsync($$"""{"user_id": 42, "{{name}}": "3156"}""");

        Assert.Equal("3156", features["request.terminal_id"].Text);
    }

    [Fact]
    public async Task RawFeature_EscapedOrNot_IsOneText()
    {
        var plain = await PredictAsync("""{"user_id": 42, "raw_feature": "Ж😀/?#%"}""");
        var escaped = await PredictAsync("""{"user_id": 42, "raw\u005ffeature": "\u0416\ud83d\ude00\/?#%"}""");

        Assert.Equal("Ж😀/?#%", plain["request.terminal_id"].Text);
        Assert.Equal(plain["request.terminal_id"], escaped["request.terminal_id"]);
    }

    [Fact]
    public async Task At_TwoInstantsOfOneDay_ShareTheTerminalsAnswer()
    {
        var first = await TerminalAgeAsync(Noon);
        var second = await TerminalAgeAsync(Noon.AddHours(3));

        Assert.True(second > first, $"the second is {second} s old, the first {first} s");
    }

    private async Task<double> TerminalAgeAsync(DateTimeOffset at)
    {
        var (_, answer) = await demo.Server.Http.PostJsonAsync("/predict", $$"""{"user_id": 62, "raw_feature": "3157", "at": {{at.ToUnixTimeSeconds()}}}""");
        var recorded = await demo.Server.Http.GetJsonAsync($"/v1/predictions/{answer.GetProperty("prediction_id").GetString()}");
        return recorded.GetProperty("features").GetProperty("terminal_risk.count_1d").GetProperty("age_seconds").GetDouble();
    }

    private async Task AssertSameFeaturesAsync(DateTimeOffset at, string[] forms)
    {
        var expected = (at - DateTimeOffset.UnixEpoch).TotalSeconds;
        IReadOnlyDictionary<string, FeatureValue>? first = null;
        foreach (var form in forms)
        {
            var features = await PredictAsync($$"""{"user_id": 60, "raw_feature": "3156", "at": {{form}}}""");

            Assert.True(features["request.at"].Number == expected, $"{form} is {features["request.at"].Number:R}, not {expected:R}");
            Assert.Equal(first ??= features, features);
        }

        Assert.True(first!["terminal_risk.count_30d"].Number > 0, "The instant has no terminal history, so equal features prove little.");
    }

    private async Task<IReadOnlyDictionary<string, FeatureValue>> PredictAsync(string body)
    {
        var (status, answer) = await demo.Server.Http.PostJsonAsync("/predict", body);
        Assert.True(status is HttpStatusCode.OK, $"{(int)status}: {answer}");
        return demo.Server.Log.ReadFeatures(answer.GetProperty("prediction_id").GetGuid());
    }

    private static string Iso(DateTimeOffset at, string format) => JsonSerializer.Serialize(at.ToString(format, CultureInfo.InvariantCulture));
}
