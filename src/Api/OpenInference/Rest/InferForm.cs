using System.Globalization;
using Microsoft.Net.Http.Headers;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>How a request's body is laid out, as its headers tell.</summary>
/// <param name="JsonLength">The bytes of JSON that the body begins with; null for all of it.</param>
internal readonly record struct InferForm(long? JsonLength)
{
    /// <summary>No JSON at all: the body is the one input's bytes.</summary>
    public bool IsRaw => JsonLength == 0;

    /// <exception cref="InferenceException">UnsupportedMediaType, or InvalidInput for a length that is none.</exception>
    public static InferForm Of(HttpRequest request)
    {
        ThrowIfEncoded(request);
        var jsonLength = ReadJsonLength(request);
        ThrowIfOtherType(request, jsonLength);
        return new InferForm(jsonLength);
    }

    /// <exception cref="InferenceException">UnsupportedMediaType: the body is compressed.</exception>
    public static void ThrowIfEncoded(HttpRequest request)
    {
        var encoding = request.Headers.ContentEncoding.ToString();
        if (encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            throw Unsupported($"The body's Content-Encoding is '{FieldError.Quote(encoding)}'. Send it as it is (identity).");
    }

    private static long? ReadJsonLength(HttpRequest request)
    {
        if (!request.Headers.TryGetValue(BinaryTail.Header, out var sent)) return null;
        return long.TryParse(sent.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            ? length
            : throw OpenInferenceJson.Fault($"header {BinaryTail.Header}", $"is '{FieldError.Quote(sent.ToString())}'; send the bytes of JSON before the tensors' bytes, or 0 for none");
    }

    // Many clients name no type, so none is needed; what says that it is something else is taken at its word.
    private static void ThrowIfOtherType(HttpRequest request, long? jsonLength)
    {
        if (string.IsNullOrEmpty(request.ContentType)) return;
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !IsKnown(type, jsonLength))
            throw Unsupported($"{BareStatus.ExplainContentType(request)} With the header {BinaryTail.Header}, application/octet-stream will do too.");
        if (type.Charset.HasValue && !HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            throw Unsupported($"The body's charset is '{FieldError.Quote(type.Charset.ToString())}'. Send UTF-8.");
    }

    private static bool IsKnown(MediaTypeHeaderValue type, long? jsonLength) =>
        type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
        || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase)
        || (jsonLength is not null && type.MediaType.Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase));

    private static InferenceException Unsupported(string message) => new(InferenceErrorCode.UnsupportedMediaType, message);
}
