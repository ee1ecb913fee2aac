using System.Diagnostics.CodeAnalysis;

namespace OrleansInference.Storage.Azure.Models;

/// <summary>Names of blobs as paths of files. A name is anybody's text: only what stays in its place becomes a path.</summary>
internal static class BlobPath
{
    private static readonly char[] Forbidden = [.. Path.GetInvalidFileNameChars(), '\\', ':'];

    /// <summary>Whether a name, without the container's prefix, is a path inside a folder; else why not.</summary>
    public static bool IsInside(string name, [NotNullWhen(false)] out string? reason)
    {
        reason = name.Split('/').Select(FaultOf).FirstOrDefault(fault => fault is not null);
        return reason is null;
    }

    /// <summary>The model that a name belongs to: its first part. Empty for a file beside the models.</summary>
    public static string ModelOf(string name) => name.IndexOf('/', StringComparison.Ordinal) is var end and > 0 ? name[..end] : "";

    private static string? FaultOf(string part) => part switch
    {
        "" => "it has an empty part, as if it began at the root of a disk",
        "." or ".." => $"it has the part '{part}', which leads elsewhere",
        _ when part.IndexOfAny(Forbidden) >= 0 || part.Any(char.IsControl) => "it has a backslash, a colon or another character that names of files cannot have everywhere",
        _ => null,
    };
}
