namespace OrleansInference;

/// <summary>Where a replay of a time range stands.</summary>
public enum ReplayState : byte
{
    /// <summary>It is at work, or will be once a silo is up again.</summary>
    Running = 0,

    /// <summary>Every prediction of the range has been scored.</summary>
    Completed = 1,

    /// <summary>A caller ended it; the report holds what was scored before.</summary>
    Cancelled = 2,

    /// <summary>It could not go on; the report says why and holds what was scored before.</summary>
    Failed = 3,
}
