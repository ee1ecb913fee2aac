using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;

namespace OrleansInference.Api;

/// <summary>The one table from what can go wrong to what HTTP says.</summary>
internal static class ErrorMapping
{
    private const int ClientClosedRequest = 499;

    private static readonly TimeSpan DefaultRetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>The status and title of each code.</summary>
    public static (int Status, string Title) Describe(InferenceErrorCode code) => code switch
    {
        InferenceErrorCode.InvalidInput => (StatusCodes.Status422UnprocessableEntity, "The request is invalid"),
        InferenceErrorCode.NotFound => (StatusCodes.Status404NotFound, "Not found"),
        InferenceErrorCode.QueueFull => (StatusCodes.Status429TooManyRequests, "The model's queue is full"),
        InferenceErrorCode.Cancelled => (ClientClosedRequest, "The caller left"),
        InferenceErrorCode.NotReady => (StatusCodes.Status503ServiceUnavailable, "Not ready"),
        InferenceErrorCode.StorageUnavailable => (StatusCodes.Status503ServiceUnavailable, "A database is unavailable"),
        InferenceErrorCode.DeadlineExceeded => (StatusCodes.Status504GatewayTimeout, "The deadline has passed"),
        InferenceErrorCode.ModelFailed => (StatusCodes.Status500InternalServerError, "The model failed"),
        _ => (StatusCodes.Status500InternalServerError, "Internal error"),
    };

    /// <summary>What a caller is told of any exception. A defect of ours tells nothing of its inside.</summary>
    public static InferenceException ToInferenceException(Exception exception) => exception switch
    {
        InferenceException known => known,
        OperationCanceledException => new(InferenceErrorCode.Cancelled, "The request was cancelled."),
        TimeoutException => new(InferenceErrorCode.DeadlineExceeded, "The silo did not answer in time; the prediction may have been recorded. Look it up by its id, or repeat the request."),
        SiloUnavailableException or OrleansMessageRejectionException or ConnectionFailedException or ClientNotAvailableException =>
            new(InferenceErrorCode.NotReady, "The silo that owns this user is not available. Retry.", DefaultRetryAfter),
        _ => new(InferenceErrorCode.Internal, "The service failed in a way it should not. Its log has the details."),
    };

    /// <summary>The answer's body: RFC 9457, with our code and, for invalid input, every faulty field.</summary>
    public static ProblemDetails ToProblem(InferenceException exception)
    {
        var (status, title) = Describe(exception.Code);
        var problem = new ProblemDetails { Status = status, Title = title, Detail = exception.Message };
        problem.Extensions["code"] = exception.Code.ToString();
        if (exception.Fields.Count > 0)
            problem.Extensions["errors"] = exception.Fields.Select(field => new FieldProblem(field.Field, field.Message, field.Value)).ToArray();
        return problem;
    }

    /// <summary>Whole seconds for the Retry-After header, at least 1; null where a retry cannot help.</summary>
    public static string? ToRetryAfter(InferenceException exception) =>
        exception.RetryAfter is { } wait ? Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture) : null;

    /// <summary>One faulty field in the answer.</summary>
    internal sealed record FieldProblem(string Field, string Message, string? Value);
}
