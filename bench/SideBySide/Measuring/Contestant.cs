using OrleansInference.SideBySide.Load;
using OrleansInference.SideBySide.Servers;

namespace OrleansInference.SideBySide.Measuring;

/// <summary>Somebody who takes turns in a workload: a server, and the load that it is given.</summary>
/// <param name="Name">As in the table.</param>
/// <param name="Server">Whose CPU time and memory are counted.</param>
/// <param name="LoadAsync">Gives the load for as long as it is told.</param>
internal sealed record Contestant(string Name, ServerProcess Server, Func<TimeSpan, Task<LoadResult>> LoadAsync)
{
    /// <summary>What comes before a turn and is not measured.</summary>
    public Func<Task> PrepareAsync { get; init; } = () => Task.CompletedTask;
}
