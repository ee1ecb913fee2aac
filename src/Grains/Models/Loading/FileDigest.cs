using System.Security.Cryptography;

namespace OrleansInference.Grains.Models.Loading;

/// <summary>Whether a file is the one that the manifest's author had.</summary>
internal static class FileDigest
{
    /// <exception cref="InferenceStartupException">The file's SHA-256 is another one.</exception>
    public static void ThrowIfOther(string file, string? expected)
    {
        if (expected is null) return;
        using var stream = File.OpenRead(file);
        var actual = Convert.ToHexStringLower(SHA256.HashData(stream));
        if (!actual.Equals(expected, StringComparison.OrdinalIgnoreCase))
            throw new InferenceStartupException($"{file}: its SHA-256 is {actual}, but versions.sha256 in the manifest says {expected.ToLowerInvariant()}. Copy the file again, or correct the manifest.");
    }
}
