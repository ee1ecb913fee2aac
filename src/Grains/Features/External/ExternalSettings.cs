namespace OrleansInference.Grains.Features.External;

/// <summary>Checks of a service's settings that a range cannot say.</summary>
internal static class ExternalSettings
{
    public static string Section(string name) => $"Inference:ExternalServices:{name}";

    /// <summary>The address without a slash at its end.</summary>
    public static string ParseBaseAddress(string name, string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address is { Scheme: "http" or "https", Query: "", Fragment: "" }
            ? address.AbsoluteUri.TrimEnd('/')
            : throw new InferenceStartupException($"{Section(name)}:BaseAddress is '{text}'. Set it to an http or https address without a query.");

    /// <summary>The headers, each of which can be sent. No message holds a value: it may be a secret.</summary>
    public static KeyValuePair<string, string>[] ParseHeaders(string name, Dictionary<string, string> headers)
    {
        using var probe = new HttpRequestMessage();
        foreach (var (header, value) in headers)
        {
            var setting = $"{Section(name)}:Headers:{header}";
            if (string.IsNullOrEmpty(value))
                throw new InferenceStartupException($"{setting} is empty. Set it, for example by the environment variable {setting.Replace(":", "__", StringComparison.Ordinal)}, or remove it.");
            if (value.AsSpan().ContainsAny('\r', '\n', '\0') || !probe.Headers.TryAddWithoutValidation(header, value))
                throw new InferenceStartupException($"{setting} cannot be sent: the name is no request header, or the value (not shown) has a line break. Correct it.");
        }

        return [.. headers];
    }
}
