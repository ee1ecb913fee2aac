using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace OrleansInference;

/// <summary>The JSON type of a <see cref="RequestValue"/>.</summary>
public enum RequestValueKind : byte
{
    /// <summary>JSON null, which counts as not sent.</summary>
    Null = 0,

    /// <summary>A JSON string.</summary>
    Text = 1,

    /// <summary>A number; may be infinite, which every field refuses by name.</summary>
    Number = 2,

    /// <summary>True or false.</summary>
    Boolean = 3,

    /// <summary>An array, an object or a string that is not valid Unicode: no field takes it; the text is kept for the error message.</summary>
    Unsupported = 4,
}

/// <summary>One value of a prediction request, as it came: the model's manifest says later what it should have been.</summary>
[GenerateSerializer, Immutable, Alias("inference.request-value")]
public readonly record struct RequestValue
{
    // Quoted for people: letters of all languages stay letters.
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private RequestValue(RequestValueKind kind, double number, string? text)
    {
        Kind = kind;
        Number = number;
        Text = text;
    }

    /// <summary>The JSON type.</summary>
    [Id(0)]
    public RequestValueKind Kind { get; private init; }

    /// <summary>A number's value, or 1 for true and 0 for false.</summary>
    [Id(1)]
    public double Number { get; private init; }

    /// <summary>A string's text, or the JSON text of an infinite or unsupported value.</summary>
    [Id(2)]
    public string? Text { get; private init; }

    /// <summary>A string; null is "not sent", and one with half a surrogate pair is <see cref="RequestValueKind.Unsupported"/>.</summary>
    public static implicit operator RequestValue(string? value)
    {
        if (value is null) return default;
        return UnicodeText.HasLoneSurrogate(value) ? Unsupported(JsonSerializer.Serialize(value, Readable)) : new(RequestValueKind.Text, 0, value);
    }

    /// <summary>A number.</summary>
    public static implicit operator RequestValue(double value) => new(RequestValueKind.Number, value, null);

    /// <summary>True or false.</summary>
    public static implicit operator RequestValue(bool value) => new(RequestValueKind.Boolean, value ? 1 : 0, null);

    /// <summary>An instant, sent as ISO 8601 with its offset.</summary>
    public static implicit operator RequestValue(DateTimeOffset value) => value.ToString("O", CultureInfo.InvariantCulture);

    /// <summary>A number beyond the range of a double, such as 1e999, which no field takes.</summary>
    public static RequestValue Infinite(string json) => new(RequestValueKind.Number, double.PositiveInfinity, json);

    /// <summary>A value that no field takes.</summary>
    public static RequestValue Unsupported(string json) => new(RequestValueKind.Unsupported, 0, json);

    /// <summary>The value as JSON text, cut after 100 characters: what error messages show. Null when nothing was sent.</summary>
    public string? ToDisplay() => Kind switch
    {
        RequestValueKind.Text => FieldError.Quote(JsonSerializer.Serialize(Text, Readable)),
        RequestValueKind.Number => Text is null ? Number.ToString("R", CultureInfo.InvariantCulture) : FieldError.Quote(Text),
        RequestValueKind.Boolean => Number != 0 ? "true" : "false",
        RequestValueKind.Unsupported => FieldError.Quote(Text!),
        _ => null,
    };
}
