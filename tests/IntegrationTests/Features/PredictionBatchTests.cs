using System.Globalization;
using System.Net;
using System.Text.Json;
using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using OrleansInference;
using OrleansInference.Grains.Features.Views;

namespace IntegrationTests.Features;

/// <summary>POST /v1/models/{model}/predict-batch.</summary>
public sealed class PredictionBatchTests
{
    private const string Path = "/v1/models/identity/predict-batch";

    // Room for a slow machine: the first user is asked for at once, the others when they are ninety-nine.
    private static readonly string[] Grouped = [$"Sql={StoredUsers.GroupedSql}", "GatherDelay=00:00:01", "MaxKeysPerQuery=99", "Ttl=01:00:00"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PredictBatch_HundredColdUsers_CostTwoQueriesAtMost()
    {
        using var directory = new TestDirectory();
        await using var server = await ViewModel.StartAsync(directory, [new StoredUsers(directory).Setting, .. Grouped], configure: CountingFeatureDatabase.Decorate);
        var database = (CountingFeatureDatabase)server.Services.GetRequiredService<IFeatureDatabase>();

        var (status, body) = await server.Http.PostJsonAsync(Path, Batch(Enumerable.Range(1, 100).Select(i => $$"""{"user_id": {{i}}}""")));

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(Enumerable.Range(1, 100).Select(i => (double)i), body.GetProperty("predictions").EnumerateArray().Select(one => one.GetProperty("prediction").GetDouble()));
        Assert.InRange(database.Queries, 1, 2);
    }

    [Fact]
    public async Task PredictBatch_GoodAndBad_AnswersEachInItsPlace()
    {
        using var directory = new TestDirectory();
        await using var server = await ViewModel.StartAsync(directory, [new StoredUsers(directory).Setting, .. Grouped]);

        var (status, body) = await server.Http.PostJsonAsync($"{Path}?details=true", Batch([
            """{"user_id": 1, "request_id": "k"}""",
            """{"extra": "x"}""",
            """{"user_id": 2, "extra": "x"}""",
            "7",
            """{"user_id": 1, "request_id": "k"}""",
            """{"user_id": 3, "features": {"stored.value": 33}}"""]));

        Assert.Equal(HttpStatusCode.OK, status);
        var answers = body.GetProperty("predictions").EnumerateArray().ToArray();
        Assert.Equal([1, null, null, null, 1, 33], answers.Select(one => one.TryGetProperty("prediction", out var value) ? value.GetDouble() : (double?)null));
        Assert.Equal(["user_id", "extra"], Faults(answers[1]));
        Assert.Equal(["extra"], Faults(answers[2]));
        Assert.Equal(422, answers[2].GetProperty("error").GetProperty("status").GetInt32());
        Assert.Equal("InvalidInput", answers[2].GetProperty("error").GetProperty("code").GetString());
        Assert.StartsWith("must be an object", answers[3].GetProperty("error").GetProperty("errors")[0].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(answers[0].GetProperty("prediction_id").GetGuid(), answers[4].GetProperty("prediction_id").GetGuid());
        Assert.Equal("overridden", answers[5].GetProperty("features").GetProperty("stored.value").GetProperty("status").GetString());
    }

    [Fact]
    public async Task PredictBatch_Thousand_IsAnsweredAndRecordedWhole()
    {
        using var directory = new TestDirectory();
        await using var server = await ViewModel.StartAsync(directory, [new StoredUsers(directory).Setting, $"Sql={StoredUsers.GroupedSql}", "Ttl=01:00:00"]);

        var (_, body) = await server.Http.PostJsonAsync(Path, Batch(Enumerable.Range(1, 1_000).Select(i => $$"""{"user_id": {{i}}}""")));

        var answers = body.GetProperty("predictions").EnumerateArray().ToArray();
        Assert.Equal(Enumerable.Range(1, 1_000).Select(i => (double)i), answers.Select(one => one.GetProperty("prediction").GetDouble()));
        Assert.Equivalent(answers.Select(one => one.GetProperty("prediction_id").GetGuid()), server.Log.ReadPredictionIds(), strict: true);
    }

    [Fact]
    public async Task PredictBatch_UnknownModel_FailsEach()
    {
        using var directory = new TestDirectory();
        await using var server = await ViewModel.StartAsync(directory, [new StoredUsers(directory).Setting, .. Grouped]);

        var (status, body) = await server.Http.PostJsonAsync("/v1/models/none/predict-batch", Batch(["""{"user_id": 1}"""]));

        Assert.Equal((HttpStatusCode.OK, 404), (status, body.GetProperty("predictions")[0].GetProperty("error").GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task PredictBatch_UnknownModelAndAMalformedInstance_FailsEachInItsPlace()
    {
        using var directory = new TestDirectory();
        await using var server = await ViewModel.StartAsync(directory, [new StoredUsers(directory).Setting, .. Grouped]);

        var (status, body) = await server.Http.PostJsonAsync("/v1/models/none/predict-batch", Batch(["{}", """{"user_id": 1}""", "7"]));

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal([422, 404, 422], body.GetProperty("predictions").EnumerateArray().Select(one => one.GetProperty("error").GetProperty("status").GetInt32()));
        Assert.Equal(["user_id"], Faults(body.GetProperty("predictions")[0]));
    }

    [Fact]
    public async Task PredictBatchAsync_ThroughTheClient_IsTheSame()
    {
        using var directory = new TestDirectory();
        await using var server = await ViewModel.StartAsync(directory, [new StoredUsers(directory).Setting, .. Grouped]);

        var results = await server.Client.PredictBatchAsync(
            [.. Enumerable.Range(1, 5).Select(i => new PredictionRequest { UserId = i == 3 ? "" : i.ToString(CultureInfo.InvariantCulture) })], Cancellation);

        Assert.Equal([1, 2, null, 4, 5], results.Select(result => result.Prediction?.Value));
        Assert.Equal(InferenceErrorCode.InvalidInput, Assert.IsType<InferenceException>(results[2].Failure).Code);
    }

    private static string Batch(IEnumerable<string> instances) => $$"""{"instances": [{{string.Join(',', instances)}}]}""";

    private static string?[] Faults(JsonElement answer) =>
        [.. answer.GetProperty("error").GetProperty("errors").EnumerateArray().Select(fault => fault.GetProperty("field").GetString())];
}
