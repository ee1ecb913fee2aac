using System.Net;
using OrleansInference.Api.Security;
using OrleansInference.Grains;
using OrleansInference.Silo;

namespace OrleansInference.Api;

/// <summary>Where the API listens: <c>--urls</c>, by default http://127.0.0.1:8080.</summary>
/// <remarks>Read by ourselves, since endpoints declared in code make Kestrel ignore the setting.</remarks>
internal static class ListenAddresses
{
    private const string Default = "http://127.0.0.1:8080";

    /// <exception cref="InferenceStartupException">An address cannot be used, or is open to others without leave.</exception>
    public static IReadOnlyList<IPEndPoint> Read(IConfiguration configuration, ApiAccess access)
    {
        // Kestrel would open these besides ours, whoever can reach them.
        if (configuration.GetSection("Kestrel:Endpoints").Exists())
            throw new InferenceStartupException($"Kestrel:Endpoints is set, but this program listens on --urls only. Remove it, and write --urls {Default}.");

        var urls = configuration["urls"] is { Length: > 0 } set ? set : Default;
        return urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } each
            ? [.. each.Select(url => Parse(url, access))]
            : throw new InferenceStartupException($"--urls holds '{urls}', which is no address. Write http://ADDRESS:PORT, such as {Default}.");
    }

    /// <exception cref="InferenceStartupException">Somebody else listens there.</exception>
    public static void ThrowIfTaken(IEnumerable<IPEndPoint> endpoints)
    {
        foreach (var endpoint in endpoints)
        {
            if (!ListenPort.TryFind(endpoint, out _, out var reason))
                throw new InferenceStartupException($"--urls holds 'http://{endpoint}', which cannot be taken: {reason}. Stop the program that uses it, or set --urls to another address.");
        }
    }

    private static IPEndPoint Parse(string url, ApiAccess access)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttp || address.PathAndQuery != "/" || address.UserInfo.Length > 0)
            throw new InferenceStartupException($"--urls holds '{url}'. Write http://ADDRESS:PORT, such as {Default}; put a reverse proxy in front for https.");

        var ip = address.Host is "localhost" ? IPAddress.Loopback : ParseAddress(url, address);
        if (!IPAddress.IsLoopback(ip) && !access.AllowsOtherAddresses)
            throw new InferenceStartupException($"--urls holds '{url}', which others can reach. Set {ApiAccess.ApiKeySetting}, or say {ApiAccess.AllowAnonymousSetting}=true, or listen on 127.0.0.1.");
        return new IPEndPoint(ip, address.Port);
    }

    private static IPAddress ParseAddress(string url, Uri address) =>
        IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip)
            ? ip
            : throw new InferenceStartupException($"--urls holds '{url}', whose host is no IP address. Write 127.0.0.1, or 0.0.0.0 for all addresses.");
}
