using System.Collections.Frozen;

namespace OrleansInference.Grains.PostProcessing;

/// <summary>The configured webhook targets by name.</summary>
public sealed class WebhookTargets
{
    private readonly FrozenDictionary<string, Uri> _targets;

    public WebhookTargets(IReadOnlyDictionary<string, WebhookOptions> options) =>
        _targets = options.ToFrozenDictionary(target => target.Key, target => Parse(target.Key, target.Value.Url));

    public IEnumerable<string> Names => _targets.Keys.Order();

    public bool Contains(string name) => _targets.ContainsKey(name);

    /// <summary>The address; null for a target that was removed from the configuration after its message was written.</summary>
    public Uri? Find(string name) => _targets.GetValueOrDefault(name);

    private static Uri Parse(string name, string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new InferenceStartupException($"Inference:Webhooks:{name}:Url is '{url}'. Set it to an http or https address.");
}
