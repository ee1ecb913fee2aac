using System.Net;

namespace FraudDemo;

/// <summary>The addresses a demo service may listen on. It has no authentication, so it serves its own machine and nobody else.</summary>
internal static class LoopbackUrl
{
    /// <summary>Reads an address, for example <c>http://127.0.0.1:8091</c>; <c>localhost</c> means 127.0.0.1.</summary>
    /// <exception cref="ArgumentException">It is not an HTTP address of this machine; the message says what is wrong.</exception>
    public static IPEndPoint Parse(string url)
        => FindFault(url) is { } fault ? throw new ArgumentException(fault, nameof(url)) : new(AddressOf(new(url))!, new Uri(url).Port);

    /// <summary>What is wrong with an address, or null.</summary>
    public static string? FindFault(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp || uri.PathAndQuery != "/")
            return $"'{url}' is not of the form http://127.0.0.1:PORT.";

        return AddressOf(uri) is null
            ? $"'{url}' is not a loopback address. The demo services have no authentication; use 127.0.0.1, [::1] or localhost."
            : null;
    }

    private static IPAddress? AddressOf(Uri url)
    {
        if (url.Host == "localhost") return IPAddress.Loopback;
        return IPAddress.TryParse(url.Host, out var address) && IPAddress.IsLoopback(address) ? address : null;
    }
}
