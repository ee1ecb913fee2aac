using System.Globalization;
using Grpc.Core;
using Microsoft.AspNetCore.Mvc;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;
using Orleans.Storage;
using OrleansInference.Api.Endpoints;

namespace OrleansInference.Api;

/// <summary>The one table from what can go wrong to what HTTP and gRPC say.</summary>
internal static class ErrorMapping
{
    private const int ClientClosedRequest = 499;

    private static readonly TimeSpan DefaultRetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>The status and title of each code.</summary>
    public static (int Status, string Title) Describe(InferenceErrorCode code) => code switch
    {
        InferenceErrorCode.InvalidInput => (StatusCodes.Status422UnprocessableEntity, "The request is invalid"),
        InferenceErrorCode.NotFound => (StatusCodes.Status404NotFound, "Not found"),
        InferenceErrorCode.IdempotencyConflict => (StatusCodes.Status409Conflict, "The key was used for another request"),
        InferenceErrorCode.QueueFull => (StatusCodes.Status429TooManyRequests, "Too many at once"),
        InferenceErrorCode.Cancelled => (ClientClosedRequest, "The caller left"),
        InferenceErrorCode.NotReady => (StatusCodes.Status503ServiceUnavailable, "Not ready"),
        InferenceErrorCode.StorageUnavailable => (StatusCodes.Status503ServiceUnavailable, "A database is unavailable"),
        InferenceErrorCode.DeadlineExceeded => (StatusCodes.Status504GatewayTimeout, "The deadline has passed"),
        InferenceErrorCode.ModelFailed => (StatusCodes.Status500InternalServerError, "The model failed"),
        InferenceErrorCode.Unauthenticated => (StatusCodes.Status401Unauthorized, "Unauthenticated"),
        InferenceErrorCode.Forbidden => (StatusCodes.Status403Forbidden, "Forbidden"),
        InferenceErrorCode.MethodNotAllowed => (StatusCodes.Status405MethodNotAllowed, "Method not allowed"),
        InferenceErrorCode.PayloadTooLarge => (StatusCodes.Status413PayloadTooLarge, "The body is too large"),
        InferenceErrorCode.UnsupportedMediaType => (StatusCodes.Status415UnsupportedMediaType, "The body's format is not supported"),
        _ => (StatusCodes.Status500InternalServerError, "Internal error"),
    };

    /// <summary>The gRPC status of each code.</summary>
    public static StatusCode ToGrpc(InferenceErrorCode code) => code switch
    {
        InferenceErrorCode.InvalidInput or InferenceErrorCode.UnsupportedMediaType => StatusCode.InvalidArgument,
        InferenceErrorCode.NotFound => StatusCode.NotFound,
        InferenceErrorCode.QueueFull or InferenceErrorCode.PayloadTooLarge => StatusCode.ResourceExhausted,
        InferenceErrorCode.IdempotencyConflict => StatusCode.FailedPrecondition,
        InferenceErrorCode.Cancelled => StatusCode.Cancelled,
        InferenceErrorCode.NotReady or InferenceErrorCode.StorageUnavailable => StatusCode.Unavailable,
        InferenceErrorCode.DeadlineExceeded => StatusCode.DeadlineExceeded,
        InferenceErrorCode.Unauthenticated => StatusCode.Unauthenticated,
        InferenceErrorCode.Forbidden => StatusCode.PermissionDenied,
        InferenceErrorCode.MethodNotAllowed => StatusCode.Unimplemented,
        _ => StatusCode.Internal,
    };

    /// <summary>What a caller is told of any exception. A defect of ours tells nothing of its inside.</summary>
    public static InferenceException ToInferenceException(Exception exception) => exception switch
    {
        InferenceException known => known,
        OperationCanceledException => new(InferenceErrorCode.Cancelled, "The request was cancelled."),
        TimeoutException => new(InferenceErrorCode.DeadlineExceeded, "The silo did not answer in time; a prediction may have been recorded all the same. Look it up by its id, or repeat the request."),
        SiloUnavailableException or OrleansMessageRejectionException or ConnectionFailedException or ClientNotAvailableException =>
            new(InferenceErrorCode.NotReady, "The silo that was to answer is not available. Retry.", DefaultRetryAfter),
        InconsistentStateException => new(InferenceErrorCode.NotReady, "What is kept was changed from elsewhere meanwhile; nothing was changed now. Retry.", DefaultRetryAfter),
        _ => new(InferenceErrorCode.Internal, "The service failed in a way it should not. Its log has the details."),
    };

    /// <summary>The answer's body: RFC 9457, with our code and, for invalid input, every faulty field.</summary>
    public static ProblemDetails ToProblem(InferenceException exception)
    {
        var problem = Problem(exception.Code, exception.Message);
        if (exception.Fields.Count > 0)
            problem.Extensions["errors"] = exception.Fields.Select(field => new FaultBody(field.Field, field.Message, field.Value)).ToArray();
        return problem;
    }

    /// <summary>The same for what HTTP refuses by its own rules; the status stays as it is.</summary>
    public static ProblemDetails ToProblem(BadHttpRequestException refusal)
    {
        var problem = refusal.InnerException is InferenceException fault ? ToProblem(fault) : ToProblem(refusal.StatusCode, refusal.Message);
        problem.Status = refusal.StatusCode;
        return problem;
    }

    /// <summary>The same for a status that came without a body.</summary>
    public static ProblemDetails ToProblem(int status, string detail)
    {
        var problem = Problem(ToCode(status), detail);
        problem.Status = status;
        return problem;
    }

    /// <summary>Whole seconds for the Retry-After header, at least 1; null where a retry cannot help.</summary>
    public static string? ToRetryAfter(InferenceException exception) =>
        exception.RetryAfter is { } wait ? Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture) : null;

    private static ProblemDetails Problem(InferenceErrorCode code, string detail)
    {
        var (status, title) = Describe(code);
        return new ProblemDetails { Status = status, Title = title, Detail = detail, Extensions = { ["code"] = code.ToString() } };
    }

    private static InferenceErrorCode ToCode(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => InferenceErrorCode.Unauthenticated,
        StatusCodes.Status403Forbidden => InferenceErrorCode.Forbidden,
        StatusCodes.Status404NotFound => InferenceErrorCode.NotFound,
        StatusCodes.Status405MethodNotAllowed => InferenceErrorCode.MethodNotAllowed,
        StatusCodes.Status413PayloadTooLarge => InferenceErrorCode.PayloadTooLarge,
        StatusCodes.Status415UnsupportedMediaType => InferenceErrorCode.UnsupportedMediaType,
        >= 400 and < 500 => InferenceErrorCode.InvalidInput,
        _ => InferenceErrorCode.Internal,
    };
}
