using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace OrleansInference.Grains.Models.Repository;

/// <summary>A text that changes when files change: their paths, sizes and times of writing, not their contents.</summary>
internal static class FileFingerprint
{
    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, MaxRecursionDepth = 8, AttributesToSkip = 0, IgnoreInaccessible = true };

    /// <summary>Of files, and of folders with all that is in them; what does not exist counts as that.</summary>
    public static string Of(IEnumerable<string> paths)
    {
        var hash = new XxHash128();
        foreach (var path in paths)
        {
            if (!Directory.Exists(path)) Add(hash, new FileInfo(path));
            else foreach (var file in new DirectoryInfo(path).EnumerateFiles("*", Everything).OrderBy(file => file.FullName, StringComparer.Ordinal)) Add(hash, file);
        }

        return hash.GetCurrentHashAsUInt128().ToString("x32", CultureInfo.InvariantCulture);
    }

    /// <summary>Of contents.</summary>
    public static string OfBytes(byte[] contents) => XxHash128.HashToUInt128(contents).ToString("x32", CultureInfo.InvariantCulture);

    private static void Add(XxHash128 hash, FileInfo file)
    {
        // Of a link, what counts is the file that it stands for.
        var target = file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
        var length = target.Exists ? target.Length : -1;
        hash.Append(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{file.FullName}|{target.FullName}|{length}|{target.LastWriteTimeUtc.Ticks}\n")));
    }
}
