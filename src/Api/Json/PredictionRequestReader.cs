using System.Buffers;
using System.Text;
using System.Text.Json;

namespace OrleansInference.Api.Json;

/// <summary>Reads the body of a prediction request token by token, so that every fault is told with its field and value.</summary>
internal static class PredictionRequestReader
{
    private const string UserField = "user_id";

    /// <exception cref="BadHttpRequestException">400: not JSON; 415: not said to be JSON; 413: too large.</exception>
    /// <exception cref="InferenceException">InvalidInput: JSON, but not a request; every fault at once.</exception>
    public static async ValueTask<PredictionRequest> ReadAsync(HttpRequest request, string? model, IInferenceClient client)
    {
        if (!request.HasJsonContentType())
            throw new BadHttpRequestException($"The body's Content-Type is '{request.ContentType}'. Send application/json.", StatusCodes.Status415UnsupportedMediaType);

        var body = await ReadBodyAsync(request);
        var parsed = Parse(body.Buffer, model);
        request.BodyReader.AdvanceTo(body.Buffer.End);
        if (parsed.Faults is null) return parsed.Request;

        // The model names the faults of the other fields too.
        var others = await client.ValidateAsync(parsed.Request);
        throw InferenceException.InvalidInput([.. parsed.Faults, .. others.Where(other => parsed.Faults.All(fault => fault.Field != other.Field))]);
    }

    private static async ValueTask<System.IO.Pipelines.ReadResult> ReadBodyAsync(HttpRequest request)
    {
        while (true)
        {
            var body = await request.BodyReader.ReadAsync(request.HttpContext.RequestAborted);
            if (body.IsCompleted) return body;
            request.BodyReader.AdvanceTo(body.Buffer.Start, body.Buffer.End);
        }
    }

    private static (PredictionRequest Request, List<FieldError>? Faults) Parse(ReadOnlySequence<byte> body, string? model)
    {
        try
        {
            return ParseObject(body, model);
        }
        catch (JsonException e)
        {
            throw new BadHttpRequestException($"The body is not JSON: {e.Message}");
        }
    }

    private static (PredictionRequest Request, List<FieldError>? Faults) ParseObject(ReadOnlySequence<byte> body, string? model)
    {
        var reader = new Utf8JsonReader(body);
        var fields = new List<RequestField>(4);
        List<FieldError>? faults = null;
        string? userId = null;
        reader.Read();
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            var came = reader.TokenType;
            SkipToEnd(ref reader);
            throw InferenceException.InvalidInput(new FieldError("", $"must be a JSON object such as {{\"{UserField}\": 42}}, but is {came}", null));
        }

        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var name = ReadName(ref reader);
            reader.Read();
            if (name is not UserField) fields.Add(new RequestField(name, ReadValue(ref reader, body)));
            else if (userId is not null) Add(ref faults, "was sent twice; send it once", ReadValue(ref reader, body));
            else if (!TryReadUserId(ref reader, out userId)) Add(ref faults, "must be an integer or a string of valid Unicode", ReadValue(ref reader, body));
        }

        SkipToEnd(ref reader);
        if (userId is null && faults is null) Add(ref faults, "is required (an integer or a string)", default);
        return (new PredictionRequest { UserId = userId ?? "", Model = model, Fields = fields }, faults);
    }

    private static void Add(ref List<FieldError>? faults, string fault, RequestValue value) =>
        (faults ??= []).Add(new FieldError(UserField, fault, value.ToDisplay()));

    // Whatever follows the object must be nothing: the reader throws at the first byte that is more.
    private static void SkipToEnd(ref Utf8JsonReader reader)
    {
        while (reader.Read())
        {
        }
    }

    private static bool TryReadUserId(ref Utf8JsonReader reader, out string? userId)
    {
        userId = reader.TokenType switch
        {
            JsonTokenType.String => ReadText(ref reader),
            JsonTokenType.Number => ReadInteger(ref reader),
            _ => null,
        };
        return userId is not null;
    }

    // An integer's digits are its id, however many; 4.2 and 4e2 are no integers.
    private static string? ReadInteger(ref Utf8JsonReader reader)
    {
        var digits = RawText(ref reader);
        if (digits is "-0") return "0";
        return digits.AsSpan(digits[0] == '-' ? 1 : 0).ContainsAnyExceptInRange('0', '9') ? null : digits;
    }

    private static RequestValue ReadValue(ref Utf8JsonReader reader, ReadOnlySequence<byte> body)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return default;
            case JsonTokenType.String:
                return ReadText(ref reader) is { } text ? text : RequestValue.Unsupported($"\"{RawText(ref reader)}\"");
            case JsonTokenType.Number:
                return reader.GetDouble();
            case JsonTokenType.True or JsonTokenType.False:
                return reader.GetBoolean();
            default:
                var start = reader.TokenStartIndex;
                reader.Skip();
                return RequestValue.Unsupported(Encoding.UTF8.GetString(body.Slice(start, Math.Min(reader.BytesConsumed - start, 200))));
        }
    }

    private static string ReadName(ref Utf8JsonReader reader) => ReadText(ref reader) ?? RawText(ref reader);

    // Null for half a surrogate pair or broken UTF-8, which .NET strings could hold but no storage would keep.
    private static string? ReadText(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string RawText(ref Utf8JsonReader reader) =>
        reader.HasValueSequence ? Encoding.UTF8.GetString(reader.ValueSequence) : Encoding.UTF8.GetString(reader.ValueSpan);
}
