using Microsoft.AspNetCore.Mvc;
using OrleansInference.Api.Grpc;
using OrleansInference.Api.OpenInference.Rest;

namespace OrleansInference.Api;

/// <summary>Answers a failure in the words of the protocol that was spoken.</summary>
internal static class ErrorAnswer
{
    public static Task WriteAsync(HttpContext context, ProblemDetails problem)
    {
        if (GrpcRefusal.IsCall(context.Request)) return GrpcRefusal.WriteAsync(context.Response, problem);
        return OpenInferenceErrors.IsSpokenAt(context.Request.Path)
            ? OpenInferenceErrors.WriteAsync(context.Response, problem)
            : Results.Problem(problem).ExecuteAsync(context);
    }
}
