using System.Globalization;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>Inference on raw tensors: reading and writing the wire, nothing else.</summary>
internal static class InferEndpoint
{
    private const string TimeoutHeader = "X-Request-Timeout-Ms";

    public static async Task InferAsync(HttpContext context, IInferenceClient client, string model, string? version)
    {
        var form = InferForm.Of(context.Request);
        var description = form.IsRaw ? await client.GetModelAsync(model, version) : null;
        var body = await RequestBody.ReadAsync(context.Request, (form, description), (bytes, state) => InferBodyReader.Read(bytes, state.form, state.description));
        LimitByHeader(context.Request, body.Parameters);
        var answer = await client.InferAsync(model, body.ToRequest(version), context.RequestAborted);
        await InferResponseWriter.WriteAsync(context.Response, model, body, answer);
    }

    private static void LimitByHeader(HttpRequest request, RequestParameters parameters)
    {
        if (!request.Headers.TryGetValue(TimeoutHeader, out var sent)) return;
        if (!uint.TryParse(sent.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds))
            throw OpenInferenceJson.Fault($"header {TimeoutHeader}", $"is '{FieldError.Quote(sent.ToString())}'; send whole milliseconds, or 0 for none");
        parameters.Limit(TimeSpan.FromMilliseconds(milliseconds));
    }
}
