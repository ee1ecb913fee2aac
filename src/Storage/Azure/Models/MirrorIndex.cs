using System.Globalization;
using System.IO.Hashing;
using System.Text.Json;

namespace OrleansInference.Storage.Azure.Models;

/// <summary>Which blob each copied file is, kept beside the files so that the next start knows.</summary>
internal sealed class MirrorIndex
{
    /// <summary>The container and prefix that the copies are of.</summary>
    public required string Source { get; init; }

    /// <summary>The copies by name without the prefix.</summary>
    public Dictionary<string, MirroredFile> Files { get; init; } = [];

    /// <summary>Reads an index; null where there is none that can be read.</summary>
    public static MirrorIndex? TryRead(string file)
    {
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize<MirrorIndex>(File.ReadAllBytes(file)) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Puts the index in the place of the one there, at once.</summary>
    public void Write(string file)
    {
        var next = $"{file}.new";
        File.WriteAllBytes(next, JsonSerializer.SerializeToUtf8Bytes(this));
        File.Move(next, file, overwrite: true);
    }
}

/// <summary>A copied file.</summary>
/// <param name="ETag">Of the blob.</param>
/// <param name="Digest">Of the content: tells a file that was changed or damaged since.</param>
internal sealed record MirroredFile(string ETag, string Digest)
{
    public static string DigestOf(string file)
    {
        using var stream = File.OpenRead(file);
        var hash = new XxHash128();
        hash.Append(stream);
        return hash.GetCurrentHashAsUInt128().ToString("x32", CultureInfo.InvariantCulture);
    }
}
