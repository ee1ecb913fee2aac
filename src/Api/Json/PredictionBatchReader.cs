using System.Buffers;
using System.Text.Json;

namespace OrleansInference.Api.Json;

/// <summary>Reads the body of a batch of predictions: <c>{"instances": [{"user_id": 42}, …]}</c>, each as a request of its own.</summary>
internal static class PredictionBatchReader
{
    private const string InstancesField = "instances";
    private const string Example = "{\"instances\": [" + PredictionRequestJson.Example + "]}";

    /// <summary>Each instance as it can be asked, or its faults.</summary>
    /// <exception cref="BadHttpRequestException">400: not JSON; 415: not said to be JSON; 413: too large.</exception>
    /// <exception cref="InferenceException">InvalidInput: JSON, but not a batch.</exception>
    public static async ValueTask<IReadOnlyList<(PredictionRequest Request, List<FieldError>? Faults)>> ReadAsync(HttpRequest request, string model)
    {
        if (request.Headers.ContainsKey(IdempotencyKeyHeader.Name))
            throw InferenceException.InvalidInput(new FieldError(IdempotencyKeyHeader.Name, "names one prediction, not a batch; send request_id in each instance", null));
        return await JsonBody.ReadTokensAsync(request, Example, model, Parse);
    }

    private static List<(PredictionRequest Request, List<FieldError>? Faults)> Parse(ReadOnlySequence<byte> body, string model)
    {
        var reader = new Utf8JsonReader(body);
        List<(PredictionRequest, List<FieldError>?)>? instances = null;
        FieldError? fault = null;
        var sent = 0;
        reader.Read();
        if (reader.TokenType is JsonTokenType.StartObject) ReadBatch(ref reader, body, model, ref instances, ref sent, ref fault);
        else fault = new FieldError("", $"must be a JSON object such as {Example}, but is {PredictionRequestJson.Describe(reader.TokenType)}", FieldError.Quote(PredictionRequestJson.Text(body)));
        JsonBody.ReadToEnd(ref reader);
        fault ??= instances is null ? new FieldError(InstancesField, $"is required, as in {Example}", null) : null;
        if (sent > IInferenceClient.MaxBatch) fault ??= new FieldError(InstancesField, $"must have at most {IInferenceClient.MaxBatch} requests, but has {sent}; send several batches", null);
        return fault is null ? instances! : throw InferenceException.InvalidInput(fault);
    }

    private static void ReadBatch(
        ref Utf8JsonReader reader, ReadOnlySequence<byte> body, string model, ref List<(PredictionRequest, List<FieldError>?)>? instances, ref int sent, ref FieldError? fault)
    {
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var name = PredictionRequestJson.ReadName(ref reader);
            reader.Read();
            if (name is InstancesField && instances is null && reader.TokenType is JsonTokenType.StartArray)
            {
                instances = [];
                for (; reader.Read() && reader.TokenType is not JsonTokenType.EndArray; sent++)
                {
                    // A body holds millions of small ones; those beyond the limit are only counted, for the refusal.
                    if (sent < IInferenceClient.MaxBatch) instances.Add(ReadInstance(ref reader, body, model));
                    else reader.Skip();
                }

                continue;
            }

            var told = name is not InstancesField ? $"is no field of a batch; its field is {InstancesField}"
                : instances is not null ? "was sent twice; send it once"
                : $"must be an array of requests, as in {Example}, but is {PredictionRequestJson.Describe(reader.TokenType)}";
            fault ??= new FieldError(FieldError.Quote(name), told, PredictionRequestJson.ReadRaw(ref reader, body));
        }
    }

    private static (PredictionRequest Request, List<FieldError>? Faults) ReadInstance(ref Utf8JsonReader reader, ReadOnlySequence<byte> body, string model)
    {
        if (reader.TokenType is JsonTokenType.StartObject) return PredictionRequestJson.ReadObject(ref reader, body, model);
        var fault = $"must be an object such as {PredictionRequestJson.Example}, but is {PredictionRequestJson.Describe(reader.TokenType)}";
        return (new PredictionRequest { UserId = "", Model = model }, [new FieldError("", fault, PredictionRequestJson.ReadRaw(ref reader, body))]);
    }
}
