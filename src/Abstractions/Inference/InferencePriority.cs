namespace OrleansInference;

/// <summary>Who waits for the answer.</summary>
public enum InferencePriority : byte
{
    /// <summary>Somebody waits: served before bulk work.</summary>
    Interactive = 0,

    /// <summary>Nobody waits just now: served on what interactive requests leave, but never starved.</summary>
    Bulk = 1,
}
