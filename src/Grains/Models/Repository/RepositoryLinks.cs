namespace OrleansInference.Grains.Models.Repository;

/// <summary>Where paths really lead, whatever links stand in them.</summary>
internal static class RepositoryLinks
{
    // As in Linux: whoever follows more is in a circle.
    private const int MaxLinks = 40;

    /// <exception cref="InferenceStartupException">A link on the way leads out of the repository.</exception>
    public static void ThrowIfOutside(string root, string path)
    {
        if (IsInside(root, path)) return;
        throw new InferenceStartupException($"{path}: this leads to {RealPath(path)}, which is outside the model repository {root}. Put a copy in its place, or remove it.");
    }

    /// <summary>Whether a path, its links followed, lies in a folder, its links followed too.</summary>
    public static bool IsInside(string folder, string path)
    {
        var (real, realFolder) = (RealPath(path), Path.TrimEndingDirectorySeparator(RealPath(folder)));
        return real.StartsWith(realFolder + Path.DirectorySeparatorChar, StringComparison.Ordinal);
    }

    /// <summary>The path without links, found as the system finds it: <c>..</c> behind a link is the parent of where it leads.</summary>
    public static string RealPath(string path)
    {
        var full = Path.IsPathRooted(path) ? path : Path.Combine(Environment.CurrentDirectory, path);
        var real = Path.GetPathRoot(full)!;
        var rest = new Stack<string>(Parts(full[real.Length..]));
        for (var links = 0; rest.TryPop(out var part);)
        {
            if (part is "..") real = Path.GetDirectoryName(real) ?? real;
            if (part is ".." or ".") continue;
            var next = Path.Combine(real, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }

            if (++links > MaxLinks) throw new InferenceStartupException($"{path}: its links lead in a circle. Remove them.");
            if (Path.IsPathRooted(target)) real = Path.GetPathRoot(target)!;
            foreach (var each in Parts(Path.IsPathRooted(target) ? target[real.Length..] : target)) rest.Push(each);
        }

        return real;
    }

    // Last first: they go onto a stack.
    private static IEnumerable<string> Parts(string path) =>
        path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries).Reverse();
}
