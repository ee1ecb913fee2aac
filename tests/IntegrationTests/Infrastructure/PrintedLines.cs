using System.Text.RegularExpressions;

namespace IntegrationTests.Infrastructure;

/// <summary>The lines that a process prints, to be waited for.</summary>
/// <remarks>Threads: any thread adds or waits. _lock guards the fields below it; waits complete outside of it.</remarks>
internal sealed class PrintedLines
{
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private readonly List<Wait> _waits = [];
    private bool _ended;

    public void Add(string line)
    {
        Wait[] found;
        lock (_lock)
        {
            _lines.Add(line);
            found = [.. _waits.Where(wait => wait.IsFound(line))];
            _waits.RemoveAll(found.Contains);
        }

        foreach (var wait in found) wait.Completion.SetResult(wait.Last!);
    }

    /// <summary>No more lines will come: who still waits, waits in vain.</summary>
    public void End()
    {
        Wait[] unfound;
        lock (_lock)
        {
            _ended = true;
            unfound = [.. _waits];
            _waits.Clear();
        }

        foreach (var wait in unfound) wait.Completion.SetException(Unfound(wait, "the process ended"));
    }

    /// <summary>Waits until that many lines match, those printed before the call among them; answers the last one's match.</summary>
    public async Task<Match> WaitAsync(Regex pattern, int count, TimeSpan patience)
    {
        var wait = new Wait(pattern, count);
        lock (_lock)
        {
            if (_lines.Any(wait.IsFound)) return wait.Last!;
            if (_ended) throw Unfound(wait, "the process ended");
            _waits.Add(wait);
        }

        try
        {
            return await wait.Completion.Task.WaitAsync(patience);
        }
        catch (TimeoutException)
        {
            throw Unfound(wait, $"{patience} passed");
        }
    }

    public IReadOnlyList<string> ToArray()
    {
        lock (_lock) return [.. _lines];
    }

    public override string ToString() => string.Join(Environment.NewLine, ToArray());

    private InvalidOperationException Unfound(Wait wait, string why) =>
        new($"Expected {wait.Count} lines of '{wait.Pattern}', but {why} after {wait.Matches}. Printed were:{Environment.NewLine}{this}");

    private sealed class Wait(Regex pattern, int count)
    {
        public Regex Pattern => pattern;

        public int Count => count;

        public int Matches { get; private set; }

        public Match? Last { get; private set; }

        public TaskCompletionSource<Match> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsFound(string line)
        {
            if (pattern.Match(line) is not { Success: true } match) return false;
            Last = match;
            return ++Matches == count;
        }
    }
}
