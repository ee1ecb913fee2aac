using System.Globalization;
using Grpc.Core;

namespace OrleansInference.Api.Grpc;

/// <summary>Tells why a message never reached its service, where the framework only says that something was thrown.</summary>
/// <remarks>Messages are parsed before any interceptor is asked, so the status is mended when the answer begins.</remarks>
internal sealed class UnreadMessageMiddleware(RequestDelegate next, MessageLimits limits)
{
    private static readonly object Explained = new();
    private static readonly string Unknown = Text(StatusCode.Unknown);
    private static readonly string Exhausted = Text(StatusCode.ResourceExhausted);

    /// <summary>Notes that a service has told itself what failed.</summary>
    public static void NoteExplained(HttpContext context) => context.Items[Explained] = Explained;

    public Task InvokeAsync(HttpContext context)
    {
        if (GrpcRefusal.IsCall(context.Request)) context.Response.OnStarting(Mend, context);
        return next(context);
    }

    private Task Mend(object state)
    {
        var context = (HttpContext)state;
        var headers = context.Response.Headers;

        // A call that succeeds has its status in the trailers.
        if (headers.GrpcStatus.Count == 0 || context.Items.ContainsKey(Explained)) return Task.CompletedTask;
        if (headers.GrpcStatus == Unknown) (headers.GrpcStatus, headers.GrpcMessage) = (Text(StatusCode.InvalidArgument), "The message cannot be read. Send the method's protobuf message; reflection describes it.");
        else if (headers.GrpcStatus == Exhausted) headers.GrpcMessage = limits.Explain(context.Request.Path.Value!);
        return Task.CompletedTask;
    }

    private static string Text(StatusCode status) => ((int)status).ToString(CultureInfo.InvariantCulture);
}
