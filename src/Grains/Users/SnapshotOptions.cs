using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.Users;

/// <summary>How users' snapshots are read and written. Section <c>Inference:Snapshots</c>.</summary>
public sealed class SnapshotOptions
{
    /// <summary>
    /// Longest wait for a snapshot before the user is brought back from the log alone. Default: 300 ms, so that a prediction with a
    /// deadline of 1 s can still be answered. From 10 ms to 1 minute.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan ReadTimeout { get; set; } = TimeSpan.FromMilliseconds(300);

    /// <summary>How long no snapshot is asked for when grain storage does not answer. Default: 5 s. Zero asks every time. At most 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan PauseAfterFailure { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Most snapshots that a silo writes at the same time. Default: 32, which keeps grain storage busy and each write quick. The
    /// others wait meanwhile, and their events are in the log. From 1 to 1,024.
    /// </summary>
    [Range(1, 1024)]
    public int MaxConcurrentWrites { get; set; } = 32;

    /// <summary>
    /// How long a silo that stops goes on serving while it writes the snapshots that are due within the next minute. What is not written
    /// then is read from the log. Default: a third of Inference:Shutdown:Timeout, within which it must end.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(10);
}
