namespace OrleansInference.Grains.PostProcessing.Erasure;

/// <summary>What becomes of the log when a user is erased.</summary>
public enum LogErasure
{
    /// <summary>The user's records are removed.</summary>
    Delete = 0,

    /// <summary>The user's records stay under a new, random user.</summary>
    Pseudonymise = 1,
}

/// <summary>How users are erased. Section <c>Inference:Erasure</c>.</summary>
public sealed class ErasureOptions
{
    /// <summary>What becomes of the user's predictions in the log. Default: Delete.</summary>
    public LogErasure Log { get; set; } = LogErasure.Delete;
}
