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
        .SelectMany(Threads)
        .Where(task => Read($"{task}/comm").StartsWith(prefix, StringComparison.Ordinal))
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

    private static IEnumerable<int> ReadChildren(int id) => Threads(id)
        .SelectMany(task => Read($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Select(child => int.Parse(child, CultureInfo.InvariantCulture));

    private static string[] Threads(int id)
    {
        try
        {
            return Directory.GetDirectories($"/proc/{id}/task");
        }
        catch (IOException)
        {
            return [];
        }
    }

    // The name, in brackets, may hold blanks; utime and stime are the 14th and 15th fields.
    private static long ReadTicks(string file)
    {
        var stat = Read(file);
        if (stat.Length == 0) return 0;
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
    }

    // Nothing where the process or the thread has ended since it was listed.
    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return "";
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
