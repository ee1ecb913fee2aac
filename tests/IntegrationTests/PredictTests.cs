using System.Net;
using IntegrationTests.Infrastructure;

namespace IntegrationTests;

/// <summary>The contract of POST /predict.</summary>
public sealed class PredictTests(DemoServer demo)
{
    [Fact]
    public async Task Predict_TutorialContract_AnswersPredictionAndInfo()
    {
        var (status, body) = await demo.Server.Http.PostJsonAsync("/predict", """{"user_id": 42, "raw_feature": "3156"}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.InRange(body.GetProperty("prediction").GetDouble(), 0, 1);
        Assert.StartsWith("terminal 3156: ", body.GetProperty("info").GetString(), StringComparison.Ordinal);
        Assert.Equal("fraud", body.GetProperty("model").GetString());
        Assert.Equal("2", body.GetProperty("model_version").GetString());
        Assert.False(body.GetProperty("degraded").GetBoolean());
        Assert.Contains(body.GetProperty("prediction_id").GetGuid(), demo.Server.Log.ReadPredictionIds());
    }

    [Fact]
    public async Task Predict_ModelByName_AnswersWithThatModel()
    {
        var (status, body) = await demo.Server.Http.PostJsonAsync("/v1/models/tutorial/predict", """{"user_id": 42, "raw_feature": "x"}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("4.2", body.GetProperty("prediction").GetRawText());
        Assert.Equal("Info for x", body.GetProperty("info").GetString());
    }
}
