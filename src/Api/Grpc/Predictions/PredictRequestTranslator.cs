using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using OrleansInference.Api.Grpc.Predictions.Wire;

namespace OrleansInference.Api.Grpc.Predictions;

/// <summary>Reads a Predict request.</summary>
internal static class PredictRequestTranslator
{
    /// <exception cref="InferenceException">InvalidInput; every fault at once.</exception>
    public static async ValueTask<PredictionRequest> TranslateAsync(PredictRequest request, TimeSpan? timeLeft, IInferenceClient client)
    {
        var prediction = new PredictionRequest
        {
            UserId = request.UserId,
            Model = request.Model.Length == 0 ? null : request.Model,
            IdempotencyKey = request.RequestId.Length == 0 ? null : request.RequestId,
            Fields = ToFields(request.Fields),
            Overrides = ToFields(request.Features),
            MaxAge = ToMaxAge(request.MaxAge),
            Timeout = timeLeft,
            Details = request.Details,
            Unrecorded = request.Unrecorded,
        };
        if (request.PredictionId.Length == 0) return prediction;
        if (PredictionId.TryRead(request.PredictionId, out var id, out var fault)) return prediction with { PredictionId = id };

        // The model names the faults of the other fields too.
        throw InferenceException.InvalidInput([fault, .. await client.ValidateAsync(prediction)]);
    }

    // What is no duration is refused like a negative one.
    private static TimeSpan? ToMaxAge(Duration? maxAge)
    {
        if (maxAge is null) return null;
        return maxAge is { Seconds: >= 0 and <= 31_536_000, Nanos: >= 0 and < 1_000_000_000 } ? maxAge.ToTimeSpan() : TimeSpan.FromTicks(-1);
    }

    private static RequestField[] ToFields(Struct? fields) => fields is null ? [] : [.. fields.Fields.Select(field => new RequestField(field.Key, ToValue(field.Value)))];

    private static RequestValue ToValue(Value value) => value.KindCase switch
    {
        Value.KindOneofCase.StringValue => value.StringValue,
        Value.KindOneofCase.BoolValue => value.BoolValue,
        Value.KindOneofCase.NumberValue when double.IsFinite(value.NumberValue) => value.NumberValue,
        Value.KindOneofCase.NumberValue => RequestValue.Infinite(value.NumberValue.ToString(CultureInfo.InvariantCulture)),
        Value.KindOneofCase.StructValue or Value.KindOneofCase.ListValue => RequestValue.Unsupported(FieldError.Quote(Show(value))),
        _ => default,
    };

    // Protobuf has objects that JSON has not: with an empty name, or a value that is not even null.
    private static string Show(Value value)
    {
        try
        {
            return value.ToString();
        }
        catch (InvalidOperationException)
        {
            return value.KindCase is Value.KindOneofCase.StructValue ? "an object" : "an array";
        }
    }
}
