using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace OrleansInference.Api.Grpc;

/// <summary>Turns every exception of a service into its row of <see cref="ErrorMapping"/>.</summary>
internal sealed partial class ErrorInterceptor(ILogger<ErrorInterceptor> logger) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        UnreadMessageMiddleware.NoteReached(context.GetHttpContext());
        try
        {
            return await continuation(request, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        UnreadMessageMiddleware.NoteReached(context.GetHttpContext());
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    private RpcException Translate(Exception exception, ServerCallContext context)
    {
        var told = Explain(exception, context);
        if (told.Code is InferenceErrorCode.Internal) LogInternal(exception, context.Method);
        return GrpcErrors.ToRpcException(told);
    }

    // Whatever broke once the caller had gone, or its time was up, broke because of that.
    private static InferenceException Explain(Exception exception, ServerCallContext context)
    {
        if (exception is InferenceException known) return known;
        if (exception is InvalidProtocolBufferException) return InferenceException.InvalidInput(new FieldError("", "cannot be read; send the method's protobuf message", null));
        if (context.CancellationToken.IsCancellationRequested && context.Deadline <= DateTime.UtcNow)
            return new InferenceException(InferenceErrorCode.DeadlineExceeded, "The call's deadline has passed.");
        return ErrorMapping.ToInferenceException(context.CancellationToken.IsCancellationRequested ? new OperationCanceledException() : exception);
    }

    [LoggerMessage(4002, LogLevel.Error, "A call of {Method} failed in a way that has no row in the error table")]
    private partial void LogInternal(Exception cause, string method);
}
