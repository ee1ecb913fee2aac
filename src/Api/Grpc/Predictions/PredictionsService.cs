using Grpc.Core;
using Microsoft.Extensions.Options;
using OrleansInference.Api.Grpc.Predictions.Wire;

namespace OrleansInference.Api.Grpc.Predictions;

/// <summary>Predictions over gRPC: translation, nothing else.</summary>
internal sealed class PredictionsService(IInferenceClient client, CallFailures failures, TimeProvider time, IOptions<GrpcOptions> options) : Wire.Predictions.PredictionsBase
{
    public override async Task<PredictResponse> Predict(PredictRequest request, ServerCallContext context)
    {
        // The token ends with the deadline; but work whose time is up never starts.
        var left = context.ReadTimeLeft(time);
        var prediction = await client.PredictAsync(await PredictRequestTranslator.TranslateAsync(request, left, client), context.CancellationToken);
        return PredictionTranslator.Translate(prediction);
    }

    public override Task PredictBatch(
        IAsyncStreamReader<PredictRequest> requestStream, IServerStreamWriter<PredictBatchResponse> responseStream, ServerCallContext context) =>
        StreamAnswers.RunAsync(requestStream, responseStream, options.Value.MaxConcurrencyPerStream, (request, index) => AnswerAsync(request, index, context), context.CancellationToken);

    public override async Task<Wire.RecordedPrediction> GetPrediction(GetPredictionRequest request, ServerCallContext context) =>
        PredictionTranslator.Translate(await client.GetPredictionAsync(PredictionId.Read(request.PredictionId)));

    // One request of a stream: its failure is its answer. Only what ends the whole stream is thrown.
    private async Task<PredictBatchResponse> AnswerAsync(PredictRequest request, long index, ServerCallContext context)
    {
        try
        {
            return new PredictBatchResponse { Index = index, Prediction = await Predict(request, context) };
        }
        catch (Exception e) when (!context.CancellationToken.IsCancellationRequested)
        {
            return new PredictBatchResponse { Index = index, Fault = GrpcErrors.ToFault(failures.Explain(e, context)) };
        }
    }
}
