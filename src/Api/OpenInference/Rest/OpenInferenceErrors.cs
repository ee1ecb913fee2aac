using System.Text.Json;
using Microsoft.AspNetCore.Mvc;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>Failures as the protocol tells them: a status and <c>{"error": "…"}</c>, for everything under /v2, whoever refused it.</summary>
internal static class OpenInferenceErrors
{
    public static bool IsSpokenAt(PathString path) => path.StartsWithSegments("/v2");

    public static async Task WriteAsync(HttpResponse response, ProblemDetails problem)
    {
        response.StatusCode = ToStatus(problem.Status!.Value);
        response.ContentType = "application/json";
        using (var json = new Utf8JsonWriter(response.BodyWriter, OpenInferenceJson.Writing))
        {
            json.WriteStartObject();
            json.WriteString("error", problem.Detail);
            json.WriteEndObject();
            json.Flush();
            response.ContentLength = json.BytesCommitted;
        }

        await response.BodyWriter.FlushAsync(response.HttpContext.RequestAborted);
    }

    // The protocol knows one status for everything that is wrong with a request.
    private static int ToStatus(int status) => status is StatusCodes.Status422UnprocessableEntity ? StatusCodes.Status400BadRequest : status;
}
