using Microsoft.Extensions.Primitives;

namespace OrleansInference.Api.Security;

/// <summary>Where only local callers are meant, only local host names are answered, so that no web page can reach in under a name of its own.</summary>
/// <remarks>ASP.NET's own filter does the same, but its refusal is a page that says neither why nor what to set.</remarks>
internal sealed class HostNameMiddleware(RequestDelegate next, ApiAccess access)
{
    private static readonly StringSegment[] Local = ["localhost", "127.0.0.1", "[::1]"];

    // A header that was found good, which the next request nearly always has, too.
    private string? _good;

    public Task InvokeAsync(HttpContext context)
    {
        var host = context.Request.Host;
        if (access.AllowsOtherAddresses || !host.HasValue || host.Value == _good) return next(context);
        if (HostString.MatchesAny(host.Host, Local))
        {
            _good = host.Value;
            return next(context);
        }

        return ErrorAnswer.WriteAsync(context, ErrorMapping.ToProblem(StatusCodes.Status400BadRequest, Explain(host.Value)));
    }

    private static string Explain(string host) =>
        $"The host name '{FieldError.Quote(host)}' is not answered here; {string.Join(", ", Local)} are. " +
        $"Set {ApiAccess.ApiKeySetting}, or say {ApiAccess.AllowAnonymousSetting}=true, to answer any.";
}
