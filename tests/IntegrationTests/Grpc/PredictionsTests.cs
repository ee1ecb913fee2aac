using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using IntegrationTests.Infrastructure;
using OrleansInference.Api.Grpc;
using OrleansInference.Api.Grpc.Predictions.Wire;

namespace IntegrationTests.Grpc;

/// <summary>Predictions over gRPC: the contract of /predict and /v1.</summary>
public sealed class PredictionsTests(DemoServer demo) : IDisposable
{
    private const string TooLarge = "The message is larger than 262144 bytes, the most that one of orleansinference.v1.Predictions may have. Send fewer or shorter fields.";
    private const string At = "2026-04-01T12:30:00Z";

    private readonly GrpcChannel _channel = GrpcServer.Connect(demo.Server.GrpcAddress);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Predictions.PredictionsClient Client => new(_channel);

    public void Dispose() => _channel.Dispose();

    [Fact]
    public async Task Predict_SameRequestAsRest_AnswersTheSame()
    {
        // Of two users that nothing is known of: a second transaction of the same one would count the first.
        var (_, rest) = await demo.Server.Http.PostJsonAsync("/predict", $$"""{"user_id": "rest", "raw_feature": "3156", "amount": 57.2, "at": "{{At}}"}""");
        var answer = await Client.PredictAsync(Request("grpc", ("amount", Value.ForNumber(57.2)), ("at", Value.ForString(At))), cancellationToken: Cancellation);

        Assert.Equal(rest.GetProperty("prediction").GetSingle(), (float)answer.Prediction);
        Assert.Equal(rest.GetProperty("info").GetString(), answer.Info);
        Assert.Equal(("fraud", "2", false), (answer.Model, answer.ModelVersion, answer.Degraded));
        Assert.Contains(Guid.Parse(answer.PredictionId), demo.Server.Log.ReadPredictionIds());
    }

    [Fact]
    public async Task Predict_DetailsOfAnUnrecordedQuestion_SayWhatItWasMadeFrom()
    {
        var request = Request("grpc-details", ("amount", Value.ForNumber(57.2)));
        request.Features = new Struct { Fields = { ["terminal_risk.count_1d"] = Value.ForNumber(17) } };
        (request.Details, request.Unrecorded) = (true, true);

        var answer = await Client.PredictAsync(request, cancellationToken: Cancellation);

        var overridden = answer.Features.Single(feature => feature.Name == "terminal_risk.count_1d");
        Assert.Equal((17, "terminal_risk", "overridden"), (overridden.Value.NumberValue, overridden.Source, overridden.Status));
        Assert.True(answer.Times.Total.ToTimeSpan() > TimeSpan.Zero);
        Assert.DoesNotContain(Guid.Parse(answer.PredictionId), demo.Server.Log.ReadPredictionIds());
    }

    [Fact]
    public async Task Predict_ModelByName_AnswersWithThatModel()
    {
        var request = Request("42");
        request.Model = "tutorial";
        var answer = await Client.PredictAsync(request, cancellationToken: Cancellation);

        Assert.Equal(("tutorial", 4.2f), (answer.Model, (float)answer.Prediction));
    }

    [Fact]
    public async Task Predict_IdGiven_IsRecordedUnderIt()
    {
        var request = Request("43");
        request.PredictionId = Guid.CreateVersion7().ToString();
        var answer = await Client.PredictAsync(request, cancellationToken: Cancellation);

        Assert.Equal(request.PredictionId, answer.PredictionId);
        Assert.Contains(Guid.Parse(request.PredictionId), demo.Server.Log.ReadPredictionIds());
    }

    [Fact]
    public async Task Predict_SeveralFaults_NamesEveryField()
    {
        var request = Request("", ("amount", Value.ForNumber(-1)), ("at", Value.ForBool(true)), ("extra", Value.ForList(Value.ForNumber(1))));
        request.PredictionId = "not-a-uuid";
        var told = await Assert.ThrowsAsync<RpcException>(async () => await Client.PredictAsync(request, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.InvalidArgument, told.StatusCode);
        var fault = Fault.Parser.ParseFrom(told.Trailers.GetValueBytes(GrpcErrors.FaultTrailer));
        Assert.Equal(("InvalidInput", (int)StatusCode.InvalidArgument), (fault.Code, fault.Status));
        Assert.Equal(["amount", "at", "extra", "prediction_id", "user_id"], fault.Fields.Select(field => field.Field).Order());
        Assert.Equal("-1", fault.Fields.Single(field => field.Field == "amount").Value);
        Assert.All(fault.Fields, field => Assert.Contains($"{field.Field} {field.Message}", told.Status.Detail, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Predict_UnknownModel_IsNotFound()
    {
        var request = Request("42");
        request.Model = "nonesuch";
        var told = await Assert.ThrowsAsync<RpcException>(async () => await Client.PredictAsync(request, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.NotFound, told.StatusCode);
        Assert.StartsWith("There is no model 'nonesuch'. Served here: fraud, tutorial.", told.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PredictBatch_ManyRequests_AnswersEachOnce()
    {
        const int Count = 200;
        using var stream = Client.PredictBatch(cancellationToken: Cancellation);
        var reading = stream.ResponseStream.ReadAllAsync(Cancellation).ToListAsync(Cancellation);
        for (var i = 0; i < Count; i++)
        {
            // Every tenth is a fault of its own.
            var request = i % 10 is 3 ? Request("", ("amount", Value.ForNumber(-1))) : Request((i % 20).ToString(CultureInfo.InvariantCulture), ("at", Value.ForString(At)));
            await stream.RequestStream.WriteAsync(request, Cancellation);
        }

        await stream.RequestStream.CompleteAsync();
        var answers = await reading;

        Assert.Equal(Enumerable.Range(0, Count).Select(i => (long)i), answers.Select(answer => answer.Index).Order());
        Assert.All(answers, answer => Assert.Equal(
            answer.Index % 10 is 3 ? PredictBatchResponse.ResultOneofCase.Fault : PredictBatchResponse.ResultOneofCase.Prediction, answer.ResultCase));
        Assert.All(answers.Where(answer => answer.Fault is not null), answer => Assert.Equal(["amount", "user_id"], answer.Fault.Fields.Select(field => field.Field).Order()));
        Assert.Superset(
            answers.Where(answer => answer.Prediction is not null).Select(answer => Guid.Parse(answer.Prediction.PredictionId)).ToHashSet(),
            demo.Server.Log.ReadPredictionIds());
    }

    [Fact]
    public async Task Predict_LargerThanRestTakes_IsExhaustedAndNamesTheLimit()
    {
        var told = await Assert.ThrowsAsync<RpcException>(async () => await Client.PredictAsync(Request("46", Text(262_144)), cancellationToken: Cancellation));

        Assert.Equal((StatusCode.ResourceExhausted, TooLarge), (told.StatusCode, told.Status.Detail));
    }

    [Fact]
    public async Task Predict_AlmostAsLargeAsRestTakes_IsReadByTheModel()
    {
        var told = await Assert.ThrowsAsync<RpcException>(async () => await Client.PredictAsync(Request("46", Text(262_000)), cancellationToken: Cancellation));

        Assert.Equal(StatusCode.InvalidArgument, told.StatusCode);
        Assert.Equal("text", Assert.Single(Fault.Parser.ParseFrom(told.Trailers.GetValueBytes(GrpcErrors.FaultTrailer)).Fields).Field);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task PredictBatch_LargerThanRestTakes_EndsExhaustedAfterWhatCameBefore(int before)
    {
        using var stream = Client.PredictBatch(cancellationToken: Cancellation);
        for (var i = 0; i < before; i++)
        {
            // Together more than one message may have.
            await stream.RequestStream.WriteAsync(Request("47", Text(200_000)), Cancellation);
            Assert.True(await stream.ResponseStream.MoveNext(Cancellation));
            Assert.Equal("text", Assert.Single(stream.ResponseStream.Current.Fault.Fields).Field);
        }

        // The end may come while the message is still being written, and whoever writes may hear of it first, with less.
        await Record.ExceptionAsync(() => stream.RequestStream.WriteAsync(Request("47", Text(262_144)), Cancellation));
        var told = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(Cancellation));

        Assert.Equal((StatusCode.ResourceExhausted, TooLarge), (told.StatusCode, told.Status.Detail));
    }

    [Fact]
    public async Task PredictBatch_CallerLeaves_EndsWithoutHarm()
    {
        using var leave = new CancellationTokenSource();
        using (var stream = Client.PredictBatch(cancellationToken: leave.Token))
        {
            for (var i = 0; i < 300; i++) await stream.RequestStream.WriteAsync(Request("44"), Cancellation);
            await leave.CancelAsync();
        }

        Assert.Equal("fraud", (await Client.PredictAsync(Request("44"), cancellationToken: Cancellation)).Model);
    }

    [Fact]
    public async Task GetPrediction_Recorded_IsWhatWasAnsweredAndUsed()
    {
        var answer = await Client.PredictAsync(Request("45", ("amount", Value.ForNumber(12.5)), ("at", Value.ForString(At))), cancellationToken: Cancellation);
        var recorded = await Client.GetPredictionAsync(new GetPredictionRequest { PredictionId = answer.PredictionId }, cancellationToken: Cancellation);

        Assert.Equal((answer.PredictionId, "45", answer.Model, answer.ModelVersion), (recorded.PredictionId, recorded.UserId, recorded.Model, recorded.ModelVersion));
        Assert.Equal((answer.Prediction, answer.Info, answer.Degraded), (recorded.Prediction, recorded.Info, recorded.Degraded));
        var features = recorded.Features.ToDictionary(feature => feature.Name);
        Assert.Equal(12.5, features["request.amount"].Value.NumberValue);
        Assert.Equal("3156", features["request.terminal_id"].Value.StringValue);
        Assert.Equal("fresh", features["spending.count_1d"].Status);
        Assert.True(features["spending.count_1d"].Age.ToTimeSpan() >= TimeSpan.Zero);
    }

    [Theory]
    [InlineData("01890a5d-ac96-774b-bcce-b302099a8057", StatusCode.NotFound)]
    [InlineData("7", StatusCode.InvalidArgument)]
    [InlineData("", StatusCode.InvalidArgument)]
    public async Task GetPrediction_UnknownId_IsRefused(string id, StatusCode status)
    {
        var told = await Assert.ThrowsAsync<RpcException>(async () => await Client.GetPredictionAsync(new GetPredictionRequest { PredictionId = id }, cancellationToken: Cancellation));

        Assert.Equal(status, told.StatusCode);
    }

    private static (string Name, Value Value) Text(int length) => ("text", Value.ForString(new string('x', length)));

    private static PredictRequest Request(string user, params (string Name, Value Value)[] fields)
    {
        var request = new PredictRequest { UserId = user, Fields = new Struct { Fields = { { "raw_feature", Value.ForString("3156") } } } };
        foreach (var (name, value) in fields) request.Fields.Fields.Add(name, value);
        return request;
    }
}
