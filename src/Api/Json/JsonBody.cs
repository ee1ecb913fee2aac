using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace OrleansInference.Api.Json;

/// <summary>Reads a JSON body as a whole.</summary>
internal static class JsonBody
{
    // More than a message quotes, in the longest encoding.
    private const int QuotedBytes = 400;

    /// <exception cref="BadHttpRequestException">400: not JSON; 415: not said to be JSON.</exception>
    public static async ValueTask<T> ReadAsync<T>(HttpRequest request, Func<JsonElement, T> read)
    {
        if (!request.HasJsonContentType())
            throw new BadHttpRequestException(BareStatus.ExplainContentType(request), StatusCodes.Status415UnsupportedMediaType);
        try
        {
            using var body = await JsonDocument.ParseAsync(request.Body, cancellationToken: request.HttpContext.RequestAborted);
            return read(body.RootElement);
        }
        catch (JsonException e)
        {
            throw NotJson($"is not JSON: {e.Message}", null);
        }
    }

    /// <summary>Reads the body as it came, for a reader that says more of a fault than a document could.</summary>
    /// <param name="request">The request.</param>
    /// <param name="example">A body as it should be.</param>
    /// <param name="state">What <paramref name="read"/> needs besides.</param>
    /// <param name="read">Reads the bytes, which are gone after it.</param>
    /// <exception cref="BadHttpRequestException">400: not JSON; 415: not said to be JSON; 413: too large.</exception>
    public static async ValueTask<T> ReadTokensAsync<TState, T>(HttpRequest request, string example, TState state, Func<ReadOnlySequence<byte>, TState, T> read)
    {
        // As nearly all say it, which then need not be parsed.
        if (request.ContentType is not "application/json" && !request.HasJsonContentType())
            throw new BadHttpRequestException(BareStatus.ExplainContentType(request), StatusCodes.Status415UnsupportedMediaType);
        while (true)
        {
            var body = await request.BodyReader.ReadAsync(request.HttpContext.RequestAborted);
            var end = body.IsCompleted ? body.Buffer.End : body.Buffer.Start;
            try
            {
                if (body.IsCompleted) return Read(body.Buffer, example, state, read);
            }
            finally
            {
                // Also after a fault: a read left open costs the caller the connection.
                request.BodyReader.AdvanceTo(end, body.Buffer.End);
            }
        }
    }

    /// <summary>Whatever follows must be nothing: the reader throws at the first byte that is more.</summary>
    public static void ReadToEnd(ref Utf8JsonReader reader)
    {
        while (reader.Read())
        {
        }
    }

    /// <summary>A property's name; as it was sent where it holds half a surrogate pair or broken UTF-8, so that it is no name of ours.</summary>
    public static string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8PropertyName(property));
        }
    }

    /// <summary>The text of a string; false for anything else, half a surrogate pair and broken UTF-8 included.</summary>
    public static bool TryGetText(JsonElement value, [NotNullWhen(true)] out string? text)
    {
        try
        {
            text = value.ValueKind is JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            text = null;
        }

        return text is not null;
    }

    /// <summary>The beginning of a value as it was sent, for an error message; bytes that are no UTF-8 show as U+FFFD.</summary>
    public static string Quote(JsonElement value)
    {
        var json = JsonMarshal.GetRawUtf8Value(value);
        return FieldError.Quote(Encoding.UTF8.GetString(json[..Math.Min(json.Length, QuotedBytes)]));
    }

    private static T Read<TState, T>(ReadOnlySequence<byte> body, string example, TState state, Func<ReadOnlySequence<byte>, TState, T> read)
    {
        if (body.IsEmpty) throw NotJson($"is empty; send a JSON object such as {example}", null);
        try
        {
            return read(body, state);
        }
        catch (JsonException e)
        {
            throw NotJson($"is not JSON: {e.Message}", FieldError.Quote(PredictionRequestJson.Text(body)));
        }
    }

    private static BadHttpRequestException NotJson(string fault, string? value)
    {
        var told = InferenceException.InvalidInput(new FieldError("", fault, value));
        return new BadHttpRequestException(told.Message, told);
    }
}
