using System.Net;
using System.Text.Json;
using IntegrationTests.Infrastructure;
using OrleansInference;

namespace IntegrationTests;

/// <summary>Every user id is one user, and no two are the same one.</summary>
public sealed class UserIdTests(DemoServer demo)
{
    private const string Emoji = "😀";

    public static TheoryData<string> Ids =>
    [
        "a/b", "a%2Fb", "a%2fb", "a%252Fb", "a_b", "a\\b", "a#b", "a?b", "a%b", "a!b", "a b", "a+b", " ", "-!a", "%ff", "%", "../x", ".x",
        "a\u0001b", "a\tb", "a\nb", "a\u007Fb", "a\u0085b",
        "Анна", Emoji, "e\u0301", "\u00E9", string.Concat(Enumerable.Repeat(Emoji, 64)), new string('u', 128),
        "null", "true", "2e999", "0.5", "-0", "Case", "case",
    ];

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task Predict_AnyUserId_IsItsOwnUser(string id)
    {
        var body = $$"""{"user_id": {{JsonSerializer.Serialize(id)}}, "raw_feature": "3156"}""";

        await PredictAsync(body);
        await PredictAsync(body);

        Assert.Equal([1, 2], ReadSequences(id));
        await AssertStateAsync(id, lastSequence: 2);
    }

    [Theory]
    [InlineData("-7042")]
    [InlineData("9223372036854775807")]
    [InlineData("1234567890123456789012345678901234567890")]
    public async Task Predict_IntegerUserId_IsItsDecimalText(string digits)
    {
        await PredictAsync($$"""{"user_id": {{digits}}, "raw_feature": "3156"}""");
        await PredictAsync($$"""{"user_id": "{{digits}}", "raw_feature": "3156"}""");

        Assert.Equal([1, 2], ReadSequences(digits));
        await AssertStateAsync(digits, lastSequence: 2);
    }

    [Fact]
    public async Task Predict_LeadingZero_IsAnotherUser()
    {
        await PredictAsync("""{"user_id": 7043, "raw_feature": "3156"}""");
        await PredictAsync("""{"user_id": "07043", "raw_feature": "3156"}""");
        await PredictAsync("""{"user_id": "7043.0", "raw_feature": "3156"}""");

        Assert.Equal([1], ReadSequences("7043"));
        Assert.Equal([1], ReadSequences("07043"));
        Assert.Equal([1], ReadSequences("7043.0"));
    }

    [Fact]
    public async Task Predict_NegativeZero_IsZero()
    {
        // Others ask about user 0 too.
        var before = ReadSequences("0").Count;

        await PredictAsync("""{"user_id": 0, "raw_feature": "3156"}""");
        await PredictAsync("""{"user_id": -0, "raw_feature": "3156"}""");

        Assert.Equal(before + 2, ReadSequences("0").Count);
    }

    [Fact]
    public async Task Predict_UserIdHoldsNul_IsItsOwnUser()
    {
        await PredictAsync("""{"user_id": "nul\u0000a", "raw_feature": "3156"}""");
        await PredictAsync("""{"user_id": "nul\u0000b", "raw_feature": "3156"}""");
        await PredictAsync("""{"user_id": "nul", "raw_feature": "3156"}""");

        Assert.Equal([1], ReadSequences("nul\0a"));
        Assert.Equal([1], ReadSequences("nul\0b"));
        Assert.Equal([1], ReadSequences("nul"));
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("1e999")]
    [InlineData("042")]
    [InlineData("9999999999999999999999999999999999999999")]
    public async Task Predict_TutorialForTextUserId_KnowsNoFeature(string id)
    {
        var answer = await PredictAsync($$"""{"user_id": "{{id}}", "raw_feature": "x"}""", "/v1/models/tutorial/predict");

        Assert.Equal(0, answer.GetProperty("prediction").GetDouble());
    }

    [Theory]
    [InlineData("/v1/users/slash%2Fslash", "slash/slash")]
    [InlineData("/v1/users/slash%2fslash", "slash/slash")]
    [InlineData("/v1/users/slash%252Fslash", "slash%2Fslash")]
    [InlineData("/v1/users/%D0%90%2F%D0%91?x=/y", "А/Б")]
    [InlineData("/v1/users/trailing%2F/", "trailing/")]
    [InlineData("/v1/users/trailing/", "trailing")]
    public async Task GetUser_IdInPath_IsDecodedOnce(string path, string id)
    {
        var user = await demo.Server.Http.GetJsonAsync(path);

        Assert.Equal(id, user.GetProperty("user_id").GetString());
    }

    [Fact]
    public async Task GetUser_NobodyAsked_HoldsNothing()
    {
        var user = await demo.Server.Http.GetJsonAsync("/v1/users/nobody-asked");

        Assert.Equal(JsonValueKind.Null, user.GetProperty("last_sequence").ValueKind);
        Assert.Empty(user.GetProperty("features").EnumerateObject());
    }

    [Fact]
    public async Task GetUser_IdIsTooLong_Answers422()
    {
        using var response = await demo.Server.Http.GetAsync($"/v1/users/{new string('u', 129)}", TestContext.Current.CancellationToken);

        var problem = await Problem.ReadAsync(response);
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "InvalidInput"), (problem.Status, problem.Code));
        Assert.Equal("user_id", Assert.Single(problem.Errors).Field);
    }

    private async Task<JsonElement> PredictAsync(string body, string path = "/predict")
    {
        var (status, answer) = await demo.Server.Http.PostJsonAsync(path, body);
        Assert.True(status is HttpStatusCode.OK, $"{(int)status}: {answer}");
        return answer;
    }

    private async Task AssertStateAsync(string id, long lastSequence)
    {
        var user = await demo.Server.Http.GetJsonAsync($"/v1/users/{Uri.EscapeDataString(id)}");
        Assert.Equal(id, user.GetProperty("user_id").GetString());
        Assert.Equal(lastSequence, user.GetProperty("last_sequence").GetInt64());
        Assert.NotEmpty(user.GetProperty("features").EnumerateObject());
    }

    private List<long> ReadSequences(string id) => [.. demo.Server.Log
        .Read("SELECT user, seq FROM predictions ORDER BY seq", row => (User: row.GetString(0), Sequence: row.GetInt64(1)))
        .Where(row => row.User == UserKey.FromUserId(id))
        .Select(row => row.Sequence)];
}
