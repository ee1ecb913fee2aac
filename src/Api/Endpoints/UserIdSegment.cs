using Microsoft.AspNetCore.Http.Features;

namespace OrleansInference.Api.Endpoints;

/// <summary>The user id in <c>/v1/users/{id}/…</c>.</summary>
internal static class UserIdSegment
{
    // "/v1/users/42" has it after the third slash.
    private const int Segment = 3;

    /// <summary>The id as it was meant.</summary>
    /// <remarks>Routing decodes everything but %2F, so that "a/b" and "a%2Fb" come as one: only the request line tells which it was.</remarks>
    public static string Decode(string id, HttpContext context)
    {
        if (!id.Contains('%')) return id;

        var segments = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?')[0].Split('/');
        if (segments.Length <= Segment) return id;
        var sent = segments[Segment];
        var routed = Uri.UnescapeDataString(sent.Replace("%2F", "%252F", StringComparison.Ordinal).Replace("%2f", "%252f", StringComparison.Ordinal));
        return routed == id ? Uri.UnescapeDataString(sent) : id;
    }
}
