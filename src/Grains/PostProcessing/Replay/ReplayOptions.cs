using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.PostProcessing.Replay;

/// <summary>Replays of time ranges. Section <c>Inference:Replay</c>.</summary>
public sealed class ReplayOptions
{
    /// <summary>Replays that run at once in the cluster; a further one is refused. Default: 2.</summary>
    [Range(1, 100)]
    public int MaxRunning { get; set; } = 2;

    /// <summary>Predictions that a replay scores at once, after those somebody waits for. Default: 16.</summary>
    [Range(1, 1_000)]
    public int Concurrency { get; set; } = 16;

    /// <summary>Predictions between two notes of how far a replay is; after a silo's death so many at most are scored again. Default: 500.</summary>
    [Range(1, 10_000)]
    public int PageSize { get; set; } = 500;

    /// <summary>Longest time that a replay waits for a database or a model before it gives up. Default: 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan Patience { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Ended replays whose reports are kept, the last ones. Default: 100.</summary>
    [Range(0, 10_000)]
    public int Keep { get; set; } = 100;
}
