using Grpc.Core;
using Grpc.Core.Interceptors;

namespace OrleansInference.Api.Grpc;

/// <summary>Turns every exception of a service into its row of <see cref="ErrorMapping"/>.</summary>
internal sealed class ErrorInterceptor(CallFailures failures, MessageLimits limits) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
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
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.ResourceExhausted)
        {
            // The framework's, of a message in the midst of a stream: where answers have gone before, no header can tell more.
            throw new RpcException(new Status(StatusCode.ResourceExhausted, limits.Explain(context.Method)));
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    private RpcException Translate(Exception exception, ServerCallContext context)
    {
        UnreadMessageMiddleware.NoteExplained(context.GetHttpContext());
        return GrpcErrors.ToRpcException(failures.Explain(exception, context));
    }
}
