using System.Globalization;
using System.Runtime.InteropServices;

namespace OrleansInference.SideBySide.Servers;

/// <summary>A process and its descendants, as Linux tells of them under /proc.</summary>
internal readonly partial struct ProcessTree(int root)
{
    private const double TicksPerSecond = 100;
    private const int PageBytes = 4096;

    /// <summary>User and system time of all of them.</summary>
    public TimeSpan CpuTime => TimeSpan.FromSeconds(Members().Sum(id => ReadTicks($"/proc/{id}/stat")) / TicksPerSecond);

    /// <summary>User and system time of the threads whose name begins so.</summary>
    public TimeSpan CpuTimeOfThreads(string prefix) => TimeSpan.FromSeconds(Members()
        .SelectMany(id => Directory.EnumerateDirectories($"/proc/{id}/task"))
        .Where(task => File.ReadAllText($"{task}/comm").StartsWith(prefix, StringComparison.Ordinal))
        .Sum(task => ReadTicks($"{task}/stat")) / TicksPerSecond);

    /// <summary>Resident memory of all of them.</summary>
    public long ResidentBytes => Members().Sum(id => long.Parse(File.ReadAllText($"/proc/{id}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * PageBytes);

    public void Signal(int signal)
    {
        foreach (var id in Members()) _ = Kill(id, signal);
    }

    private List<int> Members()
    {
        List<int> members = [root];
        for (var i = 0; i < members.Count; i++) members.AddRange(ReadChildren(members[i]));
        return members;
    }

    private static IEnumerable<int> ReadChildren(int id)
    {
        try
        {
            return [.. Directory.EnumerateDirectories($"/proc/{id}/task")
                .SelectMany(task => File.ReadAllText($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Select(child => int.Parse(child, CultureInfo.InvariantCulture))];
        }
        catch (IOException)
        {
            // It has ended.
            return [];
        }
    }

    // The name, in brackets, may hold blanks; utime and stime are the 14th and 15th fields.
    private static long ReadTicks(string file)
    {
        try
        {
            var stat = File.ReadAllText(file);
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
