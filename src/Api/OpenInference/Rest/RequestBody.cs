using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>Collects a body in the server's own buffers and reads it there.</summary>
internal static class RequestBody
{
    /// <exception cref="InferenceException">PayloadTooLarge, naming the setting.</exception>
    public static async ValueTask<T> ReadAsync<T, TState>(HttpRequest request, TState state, Func<ReadOnlySequence<byte>, TState, T> read)
    {
        try
        {
            return await ReadWholeAsync(request, state, read);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            var limit = request.HttpContext.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize;
            throw new InferenceException(
                InferenceErrorCode.PayloadTooLarge,
                $"The body is larger than {limit} bytes ({OpenInferenceOptions.MaxBodySetting}). Raise it, send fewer rows in one request, or send the tensors as binary data.");
        }
    }

    private static async ValueTask<T> ReadWholeAsync<T, TState>(HttpRequest request, TState state, Func<ReadOnlySequence<byte>, TState, T> read)
    {
        while (true)
        {
            var body = await request.BodyReader.ReadAsync(request.HttpContext.RequestAborted);
            var end = body.IsCompleted ? body.Buffer.End : body.Buffer.Start;
            try
            {
                if (body.IsCompleted) return read(body.Buffer, state);
            }
            finally
            {
                // Also after a fault: a read left open costs the caller the connection.
                request.BodyReader.AdvanceTo(end, body.Buffer.End);
            }
        }
    }
}
