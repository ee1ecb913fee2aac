using Google.Protobuf;
using Grpc.Core;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Api.Grpc;

/// <summary>What a caller is told of an exception, and the log of what should not happen.</summary>
internal sealed partial class CallFailures(TimeProvider time, ILogger<CallFailures> logger)
{
    public InferenceException Explain(Exception exception, ServerCallContext call)
    {
        var told = Translate(exception, call);
        if (told.Code is InferenceErrorCode.Internal) LogInternal(exception, call.Method);
        return told;
    }

    private InferenceException Translate(Exception exception, ServerCallContext call)
    {
        if (exception is InferenceException known) return known;
        if (exception is InvalidProtocolBufferException) return InferenceException.InvalidInput(new FieldError("", "cannot be read; send the method's protobuf message", null));
        if (!call.CancellationToken.IsCancellationRequested) return ErrorMapping.ToInferenceException(exception);

        // Whatever broke once the caller had gone, or its time was up, broke because of that.
        return call.Deadline <= time.GetUtcNow().UtcDateTime
            ? new InferenceException(InferenceErrorCode.DeadlineExceeded, "The call's deadline has passed.")
            : ErrorMapping.ToInferenceException(new OperationCanceledException());
    }

    [LoggerMessage(EventIds.CallFailed, LogLevel.Error, "A call of {Method} failed in a way that has no row in the error table")]
    private partial void LogInternal(Exception cause, string method);
}
