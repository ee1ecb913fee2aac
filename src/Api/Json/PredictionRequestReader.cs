using System.Buffers;
using System.Text.Json;

namespace OrleansInference.Api.Json;

/// <summary>Reads the body of a prediction request token by token, so that every fault is told with its field and value.</summary>
internal static class PredictionRequestReader
{
    /// <exception cref="BadHttpRequestException">400: not JSON; 415: not said to be JSON; 413: too large.</exception>
    /// <exception cref="InferenceException">InvalidInput: JSON, but not a request; every fault at once.</exception>
    public static async ValueTask<PredictionRequest> ReadAsync(HttpRequest request, string? model, IInferenceClient client)
    {
        var parsed = await JsonBody.ReadTokensAsync(request, PredictionRequestJson.Example, model, Parse);
        parsed = IdempotencyKeyHeader.Apply(request.Headers, parsed);
        return parsed.Faults is null ? parsed.Request : throw await ToFailureAsync(parsed.Request, parsed.Faults, client);
    }

    /// <summary>What is said of a request with faults: the model names those of the other fields too.</summary>
    public static async ValueTask<InferenceException> ToFailureAsync(PredictionRequest request, IReadOnlyList<FieldError> faults, IInferenceClient client)
    {
        var others = await client.ValidateAsync(request);
        var told = faults.Where(fault => fault != FaultFlood.Untold).Select(fault => fault.Field).ToHashSet();
        return InferenceException.InvalidInput([.. faults, .. others.Where(other => !told.Contains(other.Field))]);
    }

    private static (PredictionRequest Request, List<FieldError>? Faults) Parse(ReadOnlySequence<byte> body, string? model)
    {
        var reader = new Utf8JsonReader(body);
        reader.Read();
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            var came = PredictionRequestJson.Describe(reader.TokenType);
            JsonBody.ReadToEnd(ref reader);
            throw InferenceException.InvalidInput(new FieldError(
                "", $"must be a JSON object such as {PredictionRequestJson.Example}, but is {came}", FieldError.Quote(PredictionRequestJson.Text(body))));
        }

        var parsed = PredictionRequestJson.ReadObject(ref reader, body, model);
        JsonBody.ReadToEnd(ref reader);
        return parsed;
    }
}
