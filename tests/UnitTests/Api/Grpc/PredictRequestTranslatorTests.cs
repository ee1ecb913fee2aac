using Google.Protobuf.WellKnownTypes;
using OrleansInference;
using OrleansInference.Api.Grpc.Predictions;
using OrleansInference.Api.Grpc.Predictions.Wire;

namespace UnitTests.Api.Grpc;

public sealed class PredictRequestTranslatorTests
{
    [Fact]
    public async Task TranslateAsync_EveryKindOfValue_IsWhatJsonWouldBe()
    {
        var request = await TranslateAsync(new PredictRequest
        {
            UserId = "42",
            Fields = new Struct
            {
                Fields =
                {
                    { "text", Value.ForString("é") },
                    { "number", Value.ForNumber(1.5) },
                    { "flag", Value.ForBool(true) },
                    { "none", Value.ForNull() },
                    { "infinite", Value.ForNumber(double.PositiveInfinity) },
                    { "list", Value.ForList(Value.ForNumber(1)) },
                },
            },
        });

        Assert.Equal(("42", null), (request.UserId, request.Model));
        Assert.Equal(
            [
                new("text", "é"), new("number", 1.5), new("flag", true), new("none", default),
                new("infinite", RequestValue.Infinite("Infinity")), new("list", RequestValue.Unsupported("[ 1 ]")),
            ],
            request.Fields);
    }

    [Fact]
    public async Task TranslateAsync_ValueThatJsonCannotSay_IsLeftToBeRefused()
    {
        var request = await TranslateAsync(new PredictRequest
        {
            UserId = "42",
            Fields = new Struct
            {
                Fields =
                {
                    { "object", Value.ForStruct(new Struct { Fields = { { "", Value.ForNumber(1) } } }) },
                    { "unset", Value.ForStruct(new Struct { Fields = { { "x", new Value() } } }) },
                    { "array", Value.ForList(Value.ForNumber(1), new Value()) },
                },
            },
        });

        Assert.Equal(
            [new("object", RequestValue.Unsupported("an object")), new("unset", RequestValue.Unsupported("an object")), new("array", RequestValue.Unsupported("an array"))],
            request.Fields);
    }

    [Fact]
    public async Task TranslateAsync_NoFieldsAndNoId_LeavesTheIdToTheClient()
    {
        var request = await TranslateAsync(new PredictRequest { UserId = "42", Model = "tutorial" });

        Assert.Equal("tutorial", request.Model);
        Assert.Empty(request.Fields);
        Assert.Equal((Guid.Empty, null), (request.PredictionId, request.IdempotencyKey));
    }

    [Fact]
    public async Task TranslateAsync_IdGiven_IsTaken()
    {
        var id = Guid.CreateVersion7();

        Assert.Equal(id, (await TranslateAsync(new PredictRequest { UserId = "42", PredictionId = id.ToString() })).PredictionId);
    }

    [Theory]
    [InlineData("7")]
    [InlineData("{01890a5d-ac96-774b-bcce-b302099a8057}")]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    public async Task TranslateAsync_IdIsNone_IsToldWithTheOtherFaults(string id)
    {
        var client = new FakeInferenceClient(new FieldError("amount", "must be at least 0", "-1"));
        var fault = await Assert.ThrowsAsync<InferenceException>(
            async () => await PredictRequestTranslator.TranslateAsync(new PredictRequest { UserId = "42", PredictionId = id }, null, client));

        Assert.Equal(["prediction_id", "amount"], fault.Fields.Select(field => field.Field));
    }

    [Fact]
    public async Task TranslateAsync_Options_AreHandedOn()
    {
        var request = new PredictRequest
        {
            UserId = "42",
            Features = new Struct { Fields = { ["spending.mean_1d"] = Value.ForNumber(2) } },
            MaxAge = Duration.FromTimeSpan(TimeSpan.FromSeconds(3)),
            Details = true,
            Unrecorded = true,
        };

        var prediction = await PredictRequestTranslator.TranslateAsync(request, TimeSpan.FromSeconds(4), new FakeInferenceClient());

        Assert.Equal([new RequestField("spending.mean_1d", 2)], prediction.Overrides);
        Assert.Equal((TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(4), true, true), (prediction.MaxAge, prediction.Timeout, prediction.Details, prediction.Unrecorded));
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(long.MaxValue, 0)]
    [InlineData(1, 2_000_000_000)]
    public async Task TranslateAsync_MaxAgeIsNoDuration_IsLeftToBeRefused(long seconds, int nanos) =>
        Assert.True((await TranslateAsync(new PredictRequest { UserId = "42", MaxAge = new Duration { Seconds = seconds, Nanos = nanos } })).MaxAge < TimeSpan.Zero);

    private static ValueTask<PredictionRequest> TranslateAsync(PredictRequest request) => PredictRequestTranslator.TranslateAsync(request, null, new FakeInferenceClient());
}
