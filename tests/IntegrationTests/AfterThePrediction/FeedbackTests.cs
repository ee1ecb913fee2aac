using System.Net;
using System.Text.Json;
using IntegrationTests.Infrastructure;
using OrleansInference;

namespace IntegrationTests.AfterThePrediction;

/// <summary>What predictions turned out to be, and how good that makes the model.</summary>
[Collection<MeasuresItsProcess>]
public sealed class FeedbackTests(PrivateDemoServer demo) : IClassFixture<PrivateDemoServer>
{
    [Fact]
    public async Task Outcome_LabelThenCorrection_BothAreInTheHistory()
    {
        var id = await PredictAsync("1", 20);

        var first = await PostAsync(id, """{"label": false}""");
        var again = await PostAsync(id, """{"label": 0}""");
        var corrected = await PostAsync(id, """{"label": true}""");

        Assert.Equal((HttpStatusCode.OK, 0.0, 1), (first.Status, first.Body.GetProperty("label").GetDouble(), first.Body.GetProperty("revision").GetInt32()));
        Assert.Equal(first.Body.GetRawText(), again.Body.GetRawText());
        Assert.Equal((1.0, 2), (corrected.Body.GetProperty("label").GetDouble(), corrected.Body.GetProperty("revision").GetInt32()));
        var outcomes = (await demo.Server.Http.GetJsonAsync($"/v1/predictions/{id}")).GetProperty("outcomes");
        Assert.Equal([0.0, 1.0], outcomes.EnumerateArray().Select(outcome => outcome.GetProperty("label").GetDouble()));
    }

    [Fact]
    public async Task Outcome_ManyCorrectionsAtOnce_EachHasARevisionOfItsOwn()
    {
        var id = await PredictAsync("2", 20);

        var outcomes = await Task.WhenAll(Enumerable.Range(1, 40).Select(label => demo.Server.Client.RecordOutcomeAsync(id, label)));

        Assert.Equal(Enumerable.Range(1, 40), outcomes.Select(outcome => outcome.Revision).Order());
    }

    [Theory]
    [InlineData("""{"label": "yes"}""", "label", "must be true, false or a finite number", "\"yes\"")]
    [InlineData("""{"label": 1e999}""", "label", "must be true, false or a finite number", "1e999")]
    [InlineData("""{"label": null}""", "label", "must be true, false or a finite number", "null")]
    [InlineData("{}", "label", "is required (true, false or a number)", null)]
    [InlineData("""{"label": true, "lable": true}""", "lable", "is not a field of an outcome; its only field is label", "true")]
    [InlineData("""{"label": true, "label": true}""", "label", "was sent twice; send it once", "true")]
    [InlineData("[true]", "", "must be a JSON object such as {\"label\": true}", "[true]")]
    public async Task Outcome_WrongType_IsRefusedByItsField(string body, string field, string fault, string? value)
    {
        var id = await PredictAsync("3", 20);

        var (status, problem) = await PostAsync(id, body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        var error = problem.GetProperty("errors")[0];
        Assert.Equal((field, fault, value), (error.GetProperty("field").GetString(), error.GetProperty("message").GetString(), error.GetProperty("value").GetString()));
    }

    [Fact]
    public async Task Outcome_UnknownPrediction_IsNotFound()
    {
        var id = Guid.CreateVersion7();

        var (status, problem) = await PostAsync(id, """{"label": true}""");

        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.StartsWith($"There is no prediction {id}.", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quality_LabelledPredictions_AreMeasuredThroughApiAndMetrics()
    {
        await using var server = await InProcessServer.StartPatientDemoAsync("Inference:Feedback:Interval=00:00:00.050");
        var labelled = new List<(double Score, double Label)>();
        for (var i = 0; i < 20; i++)
        {
            var prediction = await server.Client.PredictAsync(new PredictionRequest { UserId = $"{i}", Fields = [new("raw_feature", "3156"), new("amount", i * 20)] }, TestContext.Current.CancellationToken);
            var label = i is > 9 and not 12 ? 1.0 : 0.0;
            await server.Client.RecordOutcomeAsync(prediction.PredictionId, 1 - label);
            await server.Client.RecordOutcomeAsync(prediction.PredictionId, label);
            labelled.Add((prediction.Value, label));
        }

        var quality = Assert.Single((await server.Http.GetJsonAsync("/v1/models/fraud/quality?version=2&threshold=0.9")).EnumerateArray());

        var pairs = (from one in labelled where one.Label == 1 from zero in labelled where zero.Label == 0 select one.Score > zero.Score ? 1 : one.Score == zero.Score ? 0.5 : 0).ToArray();
        var binary = quality.GetProperty("binary");
        Assert.Equal((20, 9), (quality.GetProperty("labelled").GetInt32(), binary.GetProperty("positives").GetInt32()));
        Assert.Equal(pairs.Average(), binary.GetProperty("auc").GetDouble(), 9);
        var above = labelled.Where(one => one.Score >= 0.9).ToArray();
        Assert.Equal(above.Average(one => one.Label), binary.GetProperty("precision").GetDouble(), 9);
        using var metrics = new ObservedGauges("inference.quality.auc", "fraud");
        await Eventually.TrueAsync(() => metrics.Last is { } auc && Math.Abs(auc - pairs.Average()) < 1e-9);
        Assert.Empty((await server.Http.GetJsonAsync("/v1/models/fraud/quality?version=1")).EnumerateArray());
        Assert.Empty((await server.Http.GetJsonAsync("/v1/models/fraud/quality?to=2020-01-01T00:00:00Z")).EnumerateArray());
    }

    [Fact]
    public async Task Quality_OneHugeLabel_IsAnsweredAsBefore()
    {
        await demo.Server.Client.RecordOutcomeAsync(await PredictAsync("4", 20), 1e200);

        var quality = Assert.Single((await demo.Server.Http.GetJsonAsync("/v1/models/fraud/quality?version=2")).EnumerateArray());

        Assert.InRange(quality.GetProperty("mean_absolute_error").GetDouble(), 1e190, 1e200);
        Assert.InRange(quality.GetProperty("root_mean_squared_error").GetDouble(), 1e190, 1e200);
    }

    [Theory]
    [InlineData("version=two", "version", "must be the number of a version, such as 2")]
    [InlineData("from=yesterday", "from", "must be an ISO 8601 time such as 2026-04-01T00:00:00Z")]
    [InlineData("from=01/04/2026", "from", "must be an ISO 8601 time such as 2026-04-01T00:00:00Z")]
    [InlineData("to=12:00", "to", "must be an ISO 8601 time such as 2026-04-01T00:00:00Z")]
    [InlineData("threshold=high", "threshold", "must be a finite number, such as 0.5")]
    [InlineData("treshold=1", "treshold", "is no parameter of this; they are version, from, to and threshold")]
    public async Task Quality_FaultyQuery_IsRefusedByItsParameter(string query, string field, string fault)
    {
        using var response = await demo.Server.Http.GetAsync($"/v1/models/fraud/quality?{query}", TestContext.Current.CancellationToken);

        var problem = await Problem.ReadAsync(response);
        Assert.Equal((HttpStatusCode.UnprocessableEntity, field, fault), (problem.Status, problem.Errors[0].Field, problem.Errors[0].Message));
    }

    [Fact]
    public async Task Quality_UnknownModel_IsNotFound()
    {
        using var response = await demo.Server.Http.GetAsync("/v1/models/nothing/quality", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, (await Problem.ReadAsync(response)).Status);
    }

    private async Task<Guid> PredictAsync(string user, int amount) => (await demo.Server.Client.PredictAsync(
        new PredictionRequest { UserId = user, Fields = [new("raw_feature", "3156"), new("amount", amount)] }, TestContext.Current.CancellationToken)).PredictionId;

    private Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(Guid id, string body) => demo.Server.Http.PostJsonAsync($"/v1/predictions/{id}/outcome", body);
}
