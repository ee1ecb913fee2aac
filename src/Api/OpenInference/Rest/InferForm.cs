using System.Globalization;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>How an inference request's body is laid out.</summary>
/// <param name="JsonLength">The bytes of JSON that the body begins with; null for all of it.</param>
internal readonly record struct InferForm(long? JsonLength)
{
    /// <summary>No JSON at all: the body is the one input's bytes.</summary>
    public bool IsRaw => JsonLength == 0;

    /// <exception cref="InferenceException">UnsupportedMediaType, or InvalidInput for a length that is none.</exception>
    public static InferForm Of(HttpRequest request)
    {
        var jsonLength = ReadJsonLength(request);
        BodyHeaders.ThrowIfUnreadable(request, maybeBytes: jsonLength is not null);
        return new InferForm(jsonLength);
    }

    private static long? ReadJsonLength(HttpRequest request)
    {
        if (!request.Headers.TryGetValue(BinaryTail.Header, out var sent)) return null;
        return long.TryParse(sent.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            ? length
            : throw OpenInferenceJson.Fault($"header {BinaryTail.Header}", $"is '{FieldError.Quote(sent.ToString())}'; send the bytes of JSON before the tensors' bytes, or 0 for none");
    }
}
