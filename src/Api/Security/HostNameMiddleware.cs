using Microsoft.Extensions.Primitives;

namespace OrleansInference.Api.Security;

/// <summary>
/// Where only local callers are meant, only local host names are answered, so that no web page can reach in under a name of its own, and
/// no page of another site under one of ours.
/// </summary>
/// <remarks>ASP.NET's own filter does the same, but its refusal is a page that says neither why nor what to set.</remarks>
internal sealed class HostNameMiddleware(RequestDelegate next, ApiAccess access)
{
    private static readonly StringSegment[] Local = ["localhost", "127.0.0.1", "[::1]"];

    private static readonly string Remedy = $"Set {ApiAccess.ApiKeySetting}, or say {ApiAccess.AllowAnonymousSetting}=true, to answer any.";

    // A header that was found good, which the next request nearly always has, too.
    private string? _good;

    public Task InvokeAsync(HttpContext context)
    {
        if (access.AllowsOtherAddresses) return next(context);
        if (!IsLocal(context.Request.Host)) return ErrorAnswer.WriteAsync(context, ErrorMapping.ToProblem(StatusCodes.Status400BadRequest, Explain(context.Request.Host.Value!)));
        return ForeignPage.Find(context.Request, Local) is { } header
            ? ErrorAnswer.WriteAsync(context, ErrorMapping.ToProblem(StatusCodes.Status403Forbidden, Explain(header)))
            : next(context);
    }

    private bool IsLocal(HostString host)
    {
        if (!host.HasValue || host.Value == _good) return true;
        if (!HostString.MatchesAny(host.Host, Local)) return false;
        _good = host.Value;
        return true;
    }

    private static string Explain(string host) => $"The host name '{FieldError.Quote(host)}' is not answered here; {string.Join(", ", Local)} are. {Remedy}";

    private static string Explain((string Name, string Value) header) =>
        $"The header {header.Name} is '{FieldError.Quote(header.Value)}', as of a web page of another site, which is not answered here. Call from a program or this service's own page, /docs. {Remedy}";
}
