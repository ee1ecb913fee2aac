using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using OrleansInference.Api.Grpc.Predictions.Wire;

namespace OrleansInference.Api.Grpc.Predictions;

/// <summary>Reads a Predict request.</summary>
internal static class PredictRequestTranslator
{
    /// <exception cref="InferenceException">InvalidInput; every fault at once.</exception>
    public static async ValueTask<PredictionRequest> TranslateAsync(PredictRequest request, IInferenceClient client)
    {
        var prediction = new PredictionRequest
        {
            UserId = request.UserId,
            Model = request.Model.Length == 0 ? null : request.Model,
            Fields = request.Fields is { } fields ? [.. fields.Fields.Select(field => new RequestField(field.Key, ToValue(field.Value)))] : [],
        };
        if (request.PredictionId.Length == 0) return prediction;
        if (TryReadId(request.PredictionId, out var id)) return prediction with { PredictionId = id };

        // The model names the faults of the other fields too.
        throw InferenceException.InvalidInput([IdFault(request.PredictionId), .. await client.ValidateAsync(prediction)]);
    }

    /// <exception cref="InferenceException">InvalidInput: no UUID.</exception>
    public static Guid ReadId(string text) => TryReadId(text, out var id) ? id : throw InferenceException.InvalidInput(IdFault(text));

    // Without braces or other forms that only .NET knows.
    private static bool TryReadId(string text, out Guid id) => Guid.TryParseExact(text, "D", out id) && id != Guid.Empty;

    private static FieldError IdFault(string text) =>
        new("prediction_id", "must be a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057", ((RequestValue)text).ToDisplay());

    private static RequestValue ToValue(Value value) => value.KindCase switch
    {
        Value.KindOneofCase.StringValue => value.StringValue,
        Value.KindOneofCase.BoolValue => value.BoolValue,
        Value.KindOneofCase.NumberValue when double.IsFinite(value.NumberValue) => value.NumberValue,
        Value.KindOneofCase.NumberValue => RequestValue.Infinite(value.NumberValue.ToString(CultureInfo.InvariantCulture)),
        Value.KindOneofCase.StructValue or Value.KindOneofCase.ListValue => RequestValue.Unsupported(FieldError.Quote(value.ToString())),
        _ => default,
    };
}
