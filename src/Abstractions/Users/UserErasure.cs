namespace OrleansInference;

/// <summary>What was erased of a user. When it arrives, it is done.</summary>
[GenerateSerializer, Immutable, Alias("inference.user-erasure")]
public sealed record UserErasure
{
    /// <summary>The user, as the caller named them.</summary>
    [Id(0)]
    public required string UserId { get; init; }

    /// <summary>Predictions that were removed from the log, or lost their user.</summary>
    [Id(1)]
    public required int Predictions { get; init; }

    /// <summary>Alerts and workflow triggers that were removed, delivered or not.</summary>
    [Id(2)]
    public required int Messages { get; init; }

    /// <summary>Whether the predictions are still there under a pseudonym (<c>Inference:Erasure:Log</c> is Pseudonymise).</summary>
    [Id(3)]
    public required bool Pseudonymised { get; init; }
}
