using System.Collections.Frozen;

namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>The configured webhook targets by name.</summary>
public sealed class WebhookTargets
{
    private readonly FrozenDictionary<string, WebhookTarget> _targets;

    /// <exception cref="InferenceStartupException">An address or a secret cannot be used.</exception>
    public WebhookTargets(IReadOnlyDictionary<string, WebhookOptions> options) =>
        _targets = options.ToFrozenDictionary(target => target.Key, target => Read(target.Key, target.Value));

    public IEnumerable<string> Names => _targets.Keys.Order();

    public bool Contains(string name) => _targets.ContainsKey(name);

    /// <summary>The target; null for one that was removed from the configuration after its message was written.</summary>
    public WebhookTarget? Find(string name) => _targets.GetValueOrDefault(name);

    private static WebhookTarget Read(string name, WebhookOptions options) =>
        new(name, ReadAddress(name, options.Url), options.Secret is null ? null : ReadSecret(name, options.Secret));

    private static Uri ReadAddress(string name, string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new InferenceStartupException($"Inference:Webhooks:{name}:Url is '{url}'. Set it to an http or https address.");

    // Whatever is wrong with it, a secret is not repeated.
    private static WebhookSignature ReadSecret(string name, string secret)
    {
        try
        {
            return new WebhookSignature(secret);
        }
        catch (FormatException)
        {
            throw new InferenceStartupException(
                $"Inference:Webhooks:{name}:Secret is no key. Set it to whsec_ and the key in base64 (24 bytes or more), to any other text, or leave it out.");
        }
    }
}
