using System.Buffers;
using System.Text;
using System.Text.Json;

namespace OrleansInference.Api.Json;

/// <summary>Reads the body of a prediction request token by token, so that every fault is told with its field and value.</summary>
internal static class PredictionRequestReader
{
    private const string UserField = "user_id";
    private const string KeyField = "request_id";
    private const string Example = "{\"user_id\": 42}";

    // More than a message quotes, in the longest encoding.
    private const int QuotedBytes = 400;

    /// <exception cref="BadHttpRequestException">400: not JSON; 415: not said to be JSON; 413: too large.</exception>
    /// <exception cref="InferenceException">InvalidInput: JSON, but not a request; every fault at once.</exception>
    public static async ValueTask<PredictionRequest> ReadAsync(HttpRequest request, string? model, IInferenceClient client)
    {
        if (!request.HasJsonContentType())
            throw new BadHttpRequestException(BareStatus.ExplainContentType(request), StatusCodes.Status415UnsupportedMediaType);

        var parsed = IdempotencyKeyHeader.Apply(request.Headers, await ReadBodyAsync(request, model));
        if (parsed.Faults is null) return parsed.Request;

        // The model names the faults of the other fields too.
        var others = await client.ValidateAsync(parsed.Request);
        throw InferenceException.InvalidInput([.. parsed.Faults, .. others.Where(other => parsed.Faults.All(fault => fault.Field != other.Field))]);
    }

    private static async ValueTask<(PredictionRequest Request, List<FieldError>? Faults)> ReadBodyAsync(HttpRequest request, string? model)
    {
        while (true)
        {
            var body = await request.BodyReader.ReadAsync(request.HttpContext.RequestAborted);
            var end = body.IsCompleted ? body.Buffer.End : body.Buffer.Start;
            try
            {
                if (body.IsCompleted) return Parse(body.Buffer, model);
            }
            finally
            {
                // Also after a fault: a read left open costs the caller the connection.
                request.BodyReader.AdvanceTo(end, body.Buffer.End);
            }
        }
    }

    private static (PredictionRequest Request, List<FieldError>? Faults) Parse(ReadOnlySequence<byte> body, string? model)
    {
        if (body.IsEmpty) throw NotJson($"is empty; send a JSON object such as {Example}", null);
        try
        {
            return ParseObject(body, model);
        }
        catch (JsonException e)
        {
            throw NotJson($"is not JSON: {e.Message}", FieldError.Quote(Text(body)));
        }
    }

    private static BadHttpRequestException NotJson(string fault, string? value)
    {
        var told = InferenceException.InvalidInput(new FieldError("", fault, value));
        return new BadHttpRequestException(told.Message, told);
    }

    private static (PredictionRequest Request, List<FieldError>? Faults) ParseObject(ReadOnlySequence<byte> body, string? model)
    {
        var reader = new Utf8JsonReader(body);
        var fields = new List<RequestField>(4);
        List<FieldError>? faults = null;
        string? userId = null, key = null;
        reader.Read();
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            var came = Describe(reader.TokenType);
            SkipToEnd(ref reader);
            throw InferenceException.InvalidInput(new FieldError("", $"must be a JSON object such as {Example}, but is {came}", FieldError.Quote(Text(body))));
        }

        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var name = ReadName(ref reader);
            reader.Read();
            if (name is UserField) ReadOnce(ref reader, name, ref userId, ref faults, body);
            else if (name is KeyField) ReadOnce(ref reader, name, ref key, ref faults, body);
            else fields.Add(new RequestField(name, ReadValue(ref reader, body)));
        }

        SkipToEnd(ref reader);
        if (userId is null && faults?.Exists(fault => fault.Field is UserField) is not true) Add(ref faults, UserField, "is required (an integer or a string)", null);
        return (new PredictionRequest { UserId = userId ?? "", Model = model, Fields = fields, IdempotencyKey = key }, faults);
    }

    // An integer or a string; null counts as not sent.
    private static void ReadOnce(ref Utf8JsonReader reader, string name, ref string? value, ref List<FieldError>? faults, ReadOnlySequence<byte> body)
    {
        if (reader.TokenType is JsonTokenType.Null) return;
        if (value is not null) Add(ref faults, name, "was sent twice; send it once", ReadRaw(ref reader, body));
        else if (!TryReadId(ref reader, out value)) Add(ref faults, name, "must be an integer or a string of valid Unicode", ReadRaw(ref reader, body));
    }

    private static void Add(ref List<FieldError>? faults, string field, string fault, string? value) =>
        (faults ??= []).Add(new FieldError(field, fault, value));

    // Whatever follows the object must be nothing: the reader throws at the first byte that is more.
    private static void SkipToEnd(ref Utf8JsonReader reader)
    {
        while (reader.Read())
        {
        }
    }

    private static bool TryReadId(ref Utf8JsonReader reader, out string? id)
    {
        id = reader.TokenType switch
        {
            JsonTokenType.String => ReadText(ref reader),
            JsonTokenType.Number => ReadInteger(ref reader),
            _ => null,
        };
        return id is not null;
    }

    // An integer's digits are its id, however many; 4.2 and 4e2 are no integers.
    private static string? ReadInteger(ref Utf8JsonReader reader)
    {
        var digits = TokenText(ref reader);
        if (digits is "-0") return "0";
        return digits.AsSpan(digits[0] == '-' ? 1 : 0).ContainsAnyExceptInRange('0', '9') ? null : digits;
    }

    private static RequestValue ReadValue(ref Utf8JsonReader reader, ReadOnlySequence<byte> body)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return default;
            case JsonTokenType.String when ReadText(ref reader) is { } text:
                return text;
            case JsonTokenType.Number:
                var number = reader.GetDouble();
                return double.IsFinite(number) ? number : RequestValue.Infinite(TokenText(ref reader));
            case JsonTokenType.True or JsonTokenType.False:
                return reader.GetBoolean();
            default:
                return RequestValue.Unsupported(ReadRaw(ref reader, body));
        }
    }

    // The value as it was sent, whatever it is; the reader moves to its end.
    private static string ReadRaw(ref Utf8JsonReader reader, ReadOnlySequence<byte> body)
    {
        var start = reader.TokenStartIndex;
        reader.Skip();
        return FieldError.Quote(Text(body.Slice(start, reader.BytesConsumed - start)));
    }

    private static string ReadName(ref Utf8JsonReader reader) => ReadText(ref reader) ?? TokenText(ref reader);

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

    private static string TokenText(ref Utf8JsonReader reader) =>
        reader.HasValueSequence ? Encoding.UTF8.GetString(reader.ValueSequence) : Encoding.UTF8.GetString(reader.ValueSpan);

    private static string Text(ReadOnlySequence<byte> json) => Encoding.UTF8.GetString(json.Slice(0, Math.Min(json.Length, QuotedBytes)));

    private static string Describe(JsonTokenType type) => type switch
    {
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "a boolean",
    };
}
