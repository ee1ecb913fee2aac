using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace OrleansInference.Api.Security;

/// <summary>Tells the requests that a browser sends for a page of somebody else.</summary>
/// <remarks>
/// Any page may send a POST without a body, or with one of plain text, to any address, and a browser asks nobody before; only the answer
/// is kept from the page. Browsers say for whom they ask, and no page can change what they say.
/// </remarks>
internal static class ForeignPage
{
    private const string Site = "Sec-Fetch-Site";
    private const string Mode = "Sec-Fetch-Mode";

    /// <summary>The header that says so; null where none does, as in all that comes from no browser.</summary>
    /// <param name="request">The request.</param>
    /// <param name="hosts">The names that this service's own pages have.</param>
    public static (string Name, string Value)? Find(HttpRequest request, IList<StringSegment> hosts)
    {
        var site = request.Headers[Site].ToString();
        var origin = request.Headers.Origin.ToString();
        if (IsLink(request)) return null;
        if (site is not ("" or "same-origin" or "none")) return (Site, site);
        return origin.Length == 0 || IsOf(origin, hosts) ? null : (HeaderNames.Origin, origin);
    }

    // A link that somebody follows, which nothing here changes anything by.
    private static bool IsLink(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) && request.Headers[Mode] == "navigate";

    private static bool IsOf(string origin, IList<StringSegment> hosts) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var page) && HostString.MatchesAny(page.Host, hosts);
}
