namespace OrleansInference.Grains.Features.Lookups;

/// <summary>What tells one state of a file from the next without reading it; a file that came by a rename has a time of its own.</summary>
internal readonly record struct FileVersion(long Length, DateTime Written, DateTime Created)
{
    public static FileVersion Of(string path)
    {
        var file = new FileInfo(path);

        // Of a link, what counts is the file that it stands for.
        if (file.LinkTarget is not null && file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target) file = target;
        return file.Exists ? new(file.Length, file.LastWriteTimeUtc, file.CreationTimeUtc) : new(-1, default, default);
    }
}
