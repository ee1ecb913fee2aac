using System.Globalization;
using Grpc.Core;
using Microsoft.Extensions.Options;
using OrleansInference.Api.OpenInference;

namespace OrleansInference.Api.Grpc;

/// <summary>Tells why a message never reached its service, where the framework only says that something was thrown.</summary>
/// <remarks>Messages are parsed before any interceptor is asked, so the status is mended when the answer begins.</remarks>
internal sealed class UnreadMessageMiddleware(RequestDelegate next, IOptions<OpenInferenceOptions> limits)
{
    private static readonly object Reached = new();
    private static readonly string Unknown = Text(StatusCode.Unknown);
    private static readonly string Exhausted = Text(StatusCode.ResourceExhausted);

    /// <summary>Notes that a service has the message: whatever happens now, the service tells itself.</summary>
    public static void NoteReached(HttpContext context) => context.Items[Reached] = Reached;

    public Task InvokeAsync(HttpContext context)
    {
        if (GrpcRefusal.IsCall(context.Request)) context.Response.OnStarting(Mend, context);
        return next(context);
    }

    private Task Mend(object state)
    {
        var context = (HttpContext)state;
        if (context.Items.ContainsKey(Reached)) return Task.CompletedTask;

        var headers = context.Response.Headers;
        if (headers.GrpcStatus == Unknown) (headers.GrpcStatus, headers.GrpcMessage) = (Text(StatusCode.InvalidArgument), "The message cannot be read. Send the method's protobuf message; reflection describes it.");
        else if (headers.GrpcStatus == Exhausted) headers.GrpcMessage = $"The message is larger than {OpenInferenceOptions.MaxBodySetting} = {limits.Value.MaxBodyBytes} bytes. Send fewer rows, or raise the setting.";
        return Task.CompletedTask;
    }

    private static string Text(StatusCode status) => ((int)status).ToString(CultureInfo.InvariantCulture);
}
