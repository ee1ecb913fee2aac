namespace OrleansInference;

/// <summary>Raw tensors for a model.</summary>
[GenerateSerializer, Immutable, Alias("inference.request")]
public sealed record InferenceRequest
{
    /// <summary>The version to run: its number, or a label such as <c>stable</c>; null lets the model choose (default or canary).</summary>
    [Id(0)]
    public string? Version { get; init; }

    /// <summary>One tensor for each input of the model, in any order.</summary>
    [Id(1)]
    public required IReadOnlyList<Tensor> Inputs { get; init; }

    /// <summary>The outputs to answer, in this order; null for all, in the model's order.</summary>
    [Id(2)]
    public IReadOnlyList<string>? Outputs { get; init; }

    /// <summary>Who waits for the answer. Default: interactive.</summary>
    [Id(3)]
    public InferencePriority Priority { get; init; }

    /// <summary>What is left of the caller's time budget; work whose time is up never starts. Null: no deadline of its own.</summary>
    [Id(4)]
    public TimeSpan? Timeout { get; init; }

    /// <summary>What the canary's share is drawn by: one key, such as a user's, always sees one version. Null: drawn for each request.</summary>
    [Id(5)]
    public string? RoutingKey { get; init; }

    /// <summary>Whether to compute even where the model's prediction cache has the answer.</summary>
    [Id(6)]
    public bool BypassCache { get; init; }

    /// <summary>The load of the model that the inputs were made for, so that a swap on the way gives them to no other; 0 for whichever serves. The user's grain sets it.</summary>
    [Id(7)]
    public long Generation { get; init; }
}
