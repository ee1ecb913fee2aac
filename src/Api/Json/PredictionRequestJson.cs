using System.Buffers;
using System.Text;
using System.Text.Json;

namespace OrleansInference.Api.Json;

/// <summary>A prediction request as JSON: an object with the user, the model's fields and what every request may say besides.</summary>
internal static class PredictionRequestJson
{
    public const string Example = "{\"user_id\": 42}";

    private const string UserField = "user_id";
    private const string KeyField = "request_id";
    private const string OverridesField = "features";
    private const string MaxAgeField = "max_age";
    private const double LongestMaxAge = 365 * 86_400;

    // More than a message quotes, in the longest encoding.
    private const int QuotedBytes = 400;

    /// <summary>Reads the object that begins at the reader's token; the reader stands at its end then.</summary>
    /// <param name="reader">Reads <paramref name="body"/>.</param>
    /// <param name="body">The whole body, for error messages.</param>
    /// <param name="model">The model that is asked.</param>
    public static (PredictionRequest Request, List<FieldError>? Faults) ReadObject(ref Utf8JsonReader reader, ReadOnlySequence<byte> body, string? model)
    {
        var fields = new List<RequestField>(4);
        List<FieldError>? faults = null;
        List<RequestField>? overrides = null;
        string? userId = null, key = null;
        TimeSpan? maxAge = null;
        for (var position = 0; reader.Read() && reader.TokenType is JsonTokenType.PropertyName; position++)
        {
            var name = LatestNames.Read(ref reader, position);
            reader.Read();
            if (name is UserField) ReadOnce(ref reader, name, ref userId, ref faults, body);
            else if (name is KeyField) ReadOnce(ref reader, name, ref key, ref faults, body);
            else if (name is OverridesField) ReadOverrides(ref reader, ref overrides, ref faults, body);
            else if (name is MaxAgeField) ReadMaxAge(ref reader, ref maxAge, ref faults, body);
            else fields.Add(new RequestField(name, ReadValue(ref reader, body)));
        }

        if (userId is null && faults?.Exists(fault => fault.Field is UserField) is not true) (faults ??= []).Add(new FieldError(UserField, "is required (an integer or a string)", null));
        return (new PredictionRequest { UserId = userId ?? "", Model = model, Fields = fields, IdempotencyKey = key, Overrides = overrides ?? [], MaxAge = maxAge }, faults);
    }

    // An integer or a string; null counts as not sent.
    private static void ReadOnce(ref Utf8JsonReader reader, string name, ref string? value, ref List<FieldError>? faults, ReadOnlySequence<byte> body)
    {
        if (reader.TokenType is JsonTokenType.Null) return;
        if (value is not null) Refuse(ref reader, name, "was sent twice; send it once", ref faults, body);
        else if (!TryReadId(ref reader, out value)) Refuse(ref reader, name, "must be an integer or a string of valid Unicode", ref faults, body);
    }

    private static void ReadOverrides(ref Utf8JsonReader reader, ref List<RequestField>? overrides, ref List<FieldError>? faults, ReadOnlySequence<byte> body)
    {
        if (reader.TokenType is JsonTokenType.Null) return;
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            var came = Describe(reader.TokenType);
            Refuse(ref reader, OverridesField, $"must be an object that gives features their values for this prediction, but is {came}", ref faults, body);
            return;
        }

        overrides ??= [];
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var name = ReadName(ref reader);
            reader.Read();
            overrides.Add(new RequestField(name, ReadValue(ref reader, body)));
        }
    }

    private static void ReadMaxAge(ref Utf8JsonReader reader, ref TimeSpan? maxAge, ref List<FieldError>? faults, ReadOnlySequence<byte> body)
    {
        if (reader.TokenType is JsonTokenType.Null) return;
        if (reader.TokenType is JsonTokenType.Number && reader.GetDouble() is >= 0 and <= LongestMaxAge and var seconds) maxAge = TimeSpan.FromSeconds(seconds);
        else Refuse(ref reader, MaxAgeField, $"must be a number of seconds from 0 to {LongestMaxAge:0}", ref faults, body);
    }

    // The reader moves to the value's end.
    private static void Refuse(ref Utf8JsonReader reader, string field, string fault, ref List<FieldError>? faults, ReadOnlySequence<byte> body)
    {
        faults ??= [];
        if (!faults.IsFlood())
        {
            faults.Add(new FieldError(field, fault, ReadRaw(ref reader, body)));
            return;
        }

        reader.Skip();
        faults.Add(FaultFlood.Untold);
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

    /// <summary>The value as it was sent, whatever it is, for an error message; the reader moves to its end.</summary>
    public static string ReadRaw(ref Utf8JsonReader reader, ReadOnlySequence<byte> body)
    {
        var start = reader.TokenStartIndex;
        reader.Skip();
        return FieldError.Quote(Text(body.Slice(start, reader.BytesConsumed - start)));
    }

    /// <summary>The name of a property.</summary>
    public static string ReadName(ref Utf8JsonReader reader) => ReadText(ref reader) ?? TokenText(ref reader);

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

    /// <summary>The beginning of some JSON, for an error message.</summary>
    public static string Text(ReadOnlySequence<byte> json) => Encoding.UTF8.GetString(json.Slice(0, Math.Min(json.Length, QuotedBytes)));

    /// <summary>What stands where something else should, for an error message.</summary>
    public static string Describe(JsonTokenType type) => type switch
    {
        JsonTokenType.StartArray => "an array",
        JsonTokenType.StartObject => "an object",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "a boolean",
    };
}
