using System.Net;
using System.Text;
using System.Text.Json;
using IntegrationTests.Infrastructure;

namespace IntegrationTests.Features;

/// <summary>What a caller may say besides the model's fields: details, max_age, overridden features. Each test has users of its own.</summary>
public sealed class PredictionOptionsTests(PredictionOptionsTests.Running running) : IClassFixture<PredictionOptionsTests.Running>
{
    private const string Path = "/v1/models/identity/predict";

    private readonly HttpClient _http = running.Server.Http;

    [Fact]
    public async Task Predict_Details_SayWhatItWasMadeFrom()
    {
        var (status, body) = await _http.PostJsonAsync($"{Path}?details=true", """{"user_id": 11, "extra": 4}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(("11", "stored", "fresh"), Describe(body, "stored.value"));
        Assert.Equal(("4", "request", "fresh"), Describe(body, "request.extra"));
        Assert.InRange(body.GetProperty("features").GetProperty("stored.value").GetProperty("age_seconds").GetDouble(), 0, 60);
        var times = body.GetProperty("times");
        Assert.InRange(times.GetProperty("features_seconds").GetDouble() + times.GetProperty("inference_seconds").GetDouble(), double.Epsilon, times.GetProperty("total_seconds").GetDouble() + 1e-6);
        var recorded = await _http.GetJsonAsync($"/v1/predictions/{body.GetProperty("prediction_id").GetGuid()}");
        Assert.Equal(recorded.GetProperty("features").GetRawText(), body.GetProperty("features").GetRawText());
    }

    [Fact]
    public async Task Predict_WithoutDetails_SaysNothingMore()
    {
        var (_, body) = await _http.PostJsonAsync(Path, """{"user_id": 12}""");

        Assert.False(body.TryGetProperty("features", out _) || body.TryGetProperty("times", out _));
    }

    [Fact]
    public async Task Predict_RepeatWithDetails_HasThemFromTheLog()
    {
        const string Request = """{"user_id": 13, "request_id": "k"}""";
        var (_, first) = await _http.PostJsonAsync($"{Path}?details=true", Request);

        var (_, again) = await _http.PostJsonAsync($"{Path}?details=true", Request);

        Assert.Equal(first.GetProperty("prediction_id").GetGuid(), again.GetProperty("prediction_id").GetGuid());
        Assert.Equal(first.GetProperty("features").GetRawText(), again.GetProperty("features").GetRawText());
        Assert.Equal(first.GetProperty("times").GetProperty("total_seconds").GetDouble(), again.GetProperty("times").GetProperty("total_seconds").GetDouble(), 1e-6);
    }

    [Fact]
    public async Task Predict_Override_HoldsForThisPredictionOnly()
    {
        await _http.PostJsonAsync(Path, """{"user_id": 14}""");

        var (_, body) = await _http.PostJsonAsync($"{Path}?details=true", """{"user_id": 14, "features": {"stored.value": 99}}""");

        Assert.Equal(99, body.GetProperty("prediction").GetDouble());
        Assert.Equal(("99", "stored", "overridden"), Describe(body, "stored.value"));
        var recorded = await _http.GetJsonAsync($"/v1/predictions/{body.GetProperty("prediction_id").GetGuid()}");
        Assert.Equal(("99", "stored", "overridden"), Describe(recorded, "stored.value"));
        Assert.Equal(14, (await _http.GetJsonAsync("/v1/users/14")).GetProperty("features").GetProperty("stored").GetProperty("values").GetProperty("value").GetDouble());
        Assert.Equal(14, (await _http.PostJsonAsync(Path, """{"user_id": 14}""")).Body.GetProperty("prediction").GetDouble());
    }

    [Fact]
    public async Task Predict_SameKeyWithAnotherOverride_IsAConflict()
    {
        await _http.PostJsonAsync(Path, """{"user_id": 15, "request_id": "k", "features": {"stored.value": 1}}""");

        var (same, _) = await _http.PostJsonAsync(Path, """{"user_id": 15, "request_id": "k", "features": {"stored.value": 1}}""");
        var (other, _) = await _http.PostJsonAsync(Path, """{"user_id": 15, "request_id": "k", "features": {"stored.value": 2}}""");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Conflict), (same, other));
    }

    [Fact]
    public async Task Predict_FaultyOptions_NamesEachAndRecordsNothing()
    {
        var problem = await RefusedAsync($"{Path}?details=maybe", "{}");
        Assert.Equal([new Problem.Fault("details", "must be true or false", "\"maybe\"")], problem.Errors);

        problem = await RefusedAsync(Path, """{"user_id": 16, "features": {"stored.value": "many", "stored.other": 1, "request.extra": 2}, "extra": "x"}""");
        Assert.Equal(
            [
                new Problem.Fault("extra", "must be a number", "\"x\""),
                new Problem.Fault("features.stored.value", "must be a number", "\"many\""),
                new Problem.Fault("features.stored.other", "is not a feature of model identity that can be overridden; those are stored.value", "1"),
                new Problem.Fault("features.request.extra", "is not a feature of model identity that can be overridden; those are stored.value", "2"),
            ],
            problem.Errors);

        problem = await RefusedAsync(Path, """{"user_id": 16, "features": 3, "max_age": -1}""");
        Assert.Equal(["features", "max_age"], problem.Errors.Select(error => error.Field));
        Assert.Empty((await _http.GetJsonAsync("/v1/users/16")).GetProperty("last_predictions").EnumerateArray());
    }

    [Fact]
    public async Task Predict_MaxAge_HasAnOlderValueReadAgain()
    {
        await _http.PostJsonAsync(Path, """{"user_id": 17}""");
        running.Users.Set(17, 170);

        var (_, old) = await _http.PostJsonAsync(Path, """{"user_id": 17, "max_age": 3600}""");
        var (_, read) = await _http.PostJsonAsync($"{Path}?details=true", """{"user_id": 17, "max_age": 0}""");

        Assert.Equal(17, old.GetProperty("prediction").GetDouble());
        Assert.Equal(170, read.GetProperty("prediction").GetDouble());
        Assert.Equal(("170", "stored", "fresh"), Describe(read, "stored.value"));
    }

    private static (string Value, string? Source, string? Status) Describe(JsonElement body, string feature)
    {
        var used = body.GetProperty("features").GetProperty(feature);
        return (used.GetProperty("value").GetRawText(), used.GetProperty("source").GetString(), used.GetProperty("status").GetString());
    }

    private async Task<Problem> RefusedAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync(path, content, TestContext.Current.CancellationToken);
        return await Problem.ReadAsync(response);
    }

    /// <summary>A server with the model, whose view keeps its values for an hour.</summary>
    public sealed class Running : IAsyncLifetime
    {
        internal InProcessServer Server { get; private set; } = null!;

        internal StoredUsers Users { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            var directory = new TestDirectory();
            Users = new StoredUsers(directory);
            Server = await ViewModel.StartAsync(directory, [Users.Setting, $"Sql={StoredUsers.Sql}", "Ttl=01:00:00"]);
        }

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
