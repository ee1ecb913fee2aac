using Microsoft.AspNetCore.WebUtilities;
using OrleansInference.Api.Grpc;

namespace OrleansInference.Api;

/// <summary>The words for a status that ASP.NET set without any: no endpoint of ours was asked.</summary>
/// <remarks>ASP.NET's own middleware for it costs each request half a kilobyte.</remarks>
internal static class BareStatus
{
    public static bool IsBare(HttpResponse response) =>
        response is { StatusCode: >= 400 and < 600, HasStarted: false, ContentLength: null } && string.IsNullOrEmpty(response.ContentType);

    public static Task AnswerAsync(HttpContext context)
    {
        if (context.Response.StatusCode is StatusCodes.Status404NotFound && GrpcRefusal.IsCall(context.Request))
            return GrpcRefusal.WriteAsync(context.Response, ErrorMapping.ToProblem(StatusCodes.Status405MethodNotAllowed, $"There is no method {Path(context)}. Reflection lists what there is."));
        return ErrorAnswer.WriteAsync(context, ErrorMapping.ToProblem(context.Response.StatusCode, Explain(context)));
    }

    /// <summary>What is wrong with the Content-Type.</summary>
    public static string ExplainContentType(HttpRequest request) =>
        $"The body's Content-Type is '{FieldError.Quote(request.ContentType ?? "")}'. Send application/json.";

    private static string Explain(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => $"There is nothing at {Path(context)}. See /docs.",
        StatusCodes.Status405MethodNotAllowed => $"{Path(context)} does not take {context.Request.Method}. Send {context.Response.Headers.Allow}.",
        StatusCodes.Status415UnsupportedMediaType => ExplainContentType(context.Request),
        var status => ReasonPhrases.GetReasonPhrase(status),
    };

    private static string Path(HttpContext context) => FieldError.Quote(context.Request.Path.Value ?? "");
}
