using System.Text.Json;

namespace OrleansInference.Api.Json;

/// <summary>Reads a small JSON body as a whole.</summary>
internal static class JsonBody
{
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
            var told = InferenceException.InvalidInput(new FieldError("", $"is not JSON: {e.Message}", null));
            throw new BadHttpRequestException(told.Message, told);
        }
    }
}
