using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>Signs messages by the Standard Webhooks scheme, so that a receiver knows from whom they come and that nobody changed them.</summary>
/// <remarks>https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, symmetric signatures.</remarks>
public sealed class WebhookSignature
{
    private const string KeyPrefix = "whsec_";

    private readonly byte[] _key;

    /// <exception cref="FormatException">The text after <c>whsec_</c> is no base64, or there is no key.</exception>
    public WebhookSignature(string secret)
    {
        _key = secret.StartsWith(KeyPrefix, StringComparison.Ordinal) ? Convert.FromBase64String(secret[KeyPrefix.Length..]) : Encoding.UTF8.GetBytes(secret);
        if (_key.Length == 0) throw new FormatException("The key is empty.");
    }

    /// <summary>Adds <c>webhook-id</c>, <c>webhook-timestamp</c> and <c>webhook-signature</c>.</summary>
    public void AddTo(HttpRequestMessage request, string id, DateTimeOffset now, ReadOnlySpan<byte> body)
    {
        var timestamp = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", timestamp);
        request.Headers.Add("webhook-signature", Sign(id, timestamp, body));
    }

    private string Sign(string id, string timestamp, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        hmac.AppendData(Encoding.UTF8.GetBytes($"{id}.{timestamp}."));
        hmac.AppendData(body);
        return $"v1,{Convert.ToBase64String(hmac.GetHashAndReset())}";
    }
}
