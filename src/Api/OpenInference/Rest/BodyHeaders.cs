using Microsoft.Net.Http.Headers;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>What a request's headers say of its body.</summary>
internal static class BodyHeaders
{
    /// <exception cref="InferenceException">UnsupportedMediaType: compressed, not JSON, or not in UTF-8.</exception>
    public static void ThrowIfNotJson(HttpRequest request) => ThrowIfUnreadable(request, maybeBytes: false);

    /// <param name="request">The request.</param>
    /// <param name="maybeBytes">Whether a part of the body may be no JSON.</param>
    /// <exception cref="InferenceException">UnsupportedMediaType: compressed, of another type, or not in UTF-8.</exception>
    public static void ThrowIfUnreadable(HttpRequest request, bool maybeBytes)
    {
        var encoding = request.Headers.ContentEncoding.ToString();
        if (encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            throw Unsupported($"The body's Content-Encoding is '{FieldError.Quote(encoding)}'. Send it as it is (identity).");

        // Many clients name no type, so none is needed; what says that it is something else is taken at its word.
        if (string.IsNullOrEmpty(request.ContentType)) return;
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !IsKnown(type, maybeBytes)) throw Unsupported(BareStatus.ExplainContentType(request) + Hint(type));
        if (type.Charset.HasValue && !HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            throw Unsupported($"The body's charset is '{FieldError.Quote(type.Charset.ToString())}'. Send UTF-8.");
    }

    private static bool IsKnown(MediaTypeHeaderValue type, bool maybeBytes) =>
        type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
        || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase)
        || (maybeBytes && IsBytes(type));

    private static bool IsBytes(MediaTypeHeaderValue type) => type.MediaType.Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase);

    private static string Hint(MediaTypeHeaderValue? type) =>
        type is not null && IsBytes(type) ? $" For tensors as bytes, send the header {BinaryTail.Header} too." : "";

    private static InferenceException Unsupported(string message) => new(InferenceErrorCode.UnsupportedMediaType, message);
}
