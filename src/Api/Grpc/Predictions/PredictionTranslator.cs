using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using OrleansInference.Api.Grpc.Predictions.Wire;

namespace OrleansInference.Api.Grpc.Predictions;

/// <summary>Writes predictions.</summary>
internal static class PredictionTranslator
{
    public static PredictResponse Translate(Prediction prediction) => new()
    {
        Prediction = prediction.Value,
        Info = prediction.Info,
        PredictionId = prediction.PredictionId.ToString(),
        Model = prediction.Model,
        ModelVersion = prediction.ModelVersion.ToString(CultureInfo.InvariantCulture),
        Degraded = prediction.Degraded,
    };
}
