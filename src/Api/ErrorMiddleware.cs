using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Api;

/// <summary>Turns every exception into its row of <see cref="ErrorMapping"/>, and gives a status that came without words some.</summary>
internal sealed partial class ErrorMiddleware(RequestDelegate next, ILogger<ErrorMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (BareStatus.IsBare(context.Response)) await BareStatus.AnswerAsync(context);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            await ErrorAnswer.WriteAsync(context, ErrorMapping.ToProblem(e));
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            await AnswerAsync(context, e);
        }
    }

    private async Task AnswerAsync(HttpContext context, Exception exception)
    {
        // Whatever broke once the caller had gone broke because of that: a reset connection is no defect of ours.
        var told = context.RequestAborted.IsCancellationRequested
            ? ErrorMapping.ToInferenceException(new OperationCanceledException())
            : ErrorMapping.ToInferenceException(exception);
        if (told.Code is InferenceErrorCode.Internal) LogInternal(exception, context.Request.Path);

        context.Response.Headers.RetryAfter = ErrorMapping.ToRetryAfter(told);
        await ErrorAnswer.WriteAsync(context, ErrorMapping.ToProblem(told));
    }

    [LoggerMessage(EventIds.RequestFailed, LogLevel.Error, "A request for {Path} failed in a way that has no row in the error table")]
    private partial void LogInternal(Exception cause, string path);
}
