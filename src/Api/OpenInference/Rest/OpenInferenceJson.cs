using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>How the protocol's JSON is read and written.</summary>
internal static class OpenInferenceJson
{
    // More than a message quotes, in the longest encoding.
    private const int QuotedBytes = 400;

    /// <summary>Text as it is, not as a web page would need it: the answers are no part of one.</summary>
    public static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Most levels of arrays and objects: more than any request has, few enough to be walked.</summary>
    public static readonly JsonReaderOptions Reading = new() { MaxDepth = 64 };

    /// <summary>A string or property name; null for half a surrogate pair or broken UTF-8, which no tensor, name or id may hold.</summary>
    public static string? ReadText(ref Utf8JsonReader json)
    {
        try
        {
            return json.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>What stands where something else was wanted, for messages.</summary>
    public static string Describe(ref Utf8JsonReader json) => json.TokenType switch
    {
        JsonTokenType.StartArray => "an array",
        JsonTokenType.StartObject => "an object",
        JsonTokenType.Null => "null",
        JsonTokenType.String => $"the string '{TokenText(ref json)}'",
        _ => TokenText(ref json),
    };

    /// <summary>The token as it was sent, cut where it is long.</summary>
    public static string TokenText(ref Utf8JsonReader json)
    {
        if (!json.HasValueSequence) return FieldError.Quote(Encoding.UTF8.GetString(json.ValueSpan[..Math.Min(json.ValueSpan.Length, QuotedBytes)]));
        var sent = json.ValueSequence;
        return FieldError.Quote(Encoding.UTF8.GetString(sent.Slice(0, Math.Min(sent.Length, QuotedBytes))));
    }

    /// <summary>One fault of a request: what, and what is wrong with it and how to mend it.</summary>
    public static InferenceException Fault(string field, string fault) => InferenceException.InvalidInput(new FieldError(field, fault, null));
}
