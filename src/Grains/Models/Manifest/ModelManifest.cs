using System.Text.Json;

namespace OrleansInference.Grains.Models.Manifest;

/// <summary>A <c>model.json</c> as it was written. <c>models/model.schema.json</c> describes it for editors.</summary>
public sealed record ModelManifest
{
    public VersionsSection? Versions { get; init; }

    public BatchingSection? Batching { get; init; }

    /// <summary>Requests that run before a version serves. Default: generated ones.</summary>
    public IReadOnlyList<WarmUpSection>? WarmUp { get; init; }

    public PredictSection? Predict { get; init; }

    public EnsembleSection? Ensemble { get; init; }

    public CacheSection? Cache { get; init; }
}

/// <summary>What turns a user's request into tensors, and tensors into an answer.</summary>
public sealed record PredictSection
{
    public required IReadOnlyDictionary<string, RequestFieldSection> Request { get; init; }

    /// <summary>What makes a prediction an event of the user. Default: none is.</summary>
    public EventSection? Event { get; init; }

    public IReadOnlyList<string> Features { get; init; } = [];

    public IReadOnlyList<string> Externals { get; init; } = [];

    public IReadOnlyList<string> Lookups { get; init; } = [];

    public IReadOnlyList<string> Transforms { get; init; } = [];

    /// <summary>For each input tensor, the features that make one row of it, in order.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Inputs { get; init; }

    public required ResponseSection Response { get; init; }

    public IReadOnlyList<RuleSection> Alerts { get; init; } = [];

    public IReadOnlyList<RuleSection> Workflows { get; init; } = [];

    /// <summary>Time from the request's arrival in the user's grain to the answer. Default: 1 s. At most 25 s.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary><c>fail</c> or <c>degrade</c>: what becomes of features that are not there in time. Default: fail.</summary>
    public string OnDeadline { get; init; } = "fail";

    /// <summary><c>required</c>, <c>bestEffort</c> or <c>off</c>. Default: required.</summary>
    public string Logging { get; init; } = "required";
}

/// <summary>One field of the request.</summary>
public sealed record RequestFieldSection
{
    public required string Type { get; init; }

    public string? Alias { get; init; }

    public bool Required { get; init; }

    public double? Minimum { get; init; }

    public double? Maximum { get; init; }

    /// <summary>A literal, <c>"now"</c> for a timestamp, or <c>{ "feature": …, "orElse": … }</c>.</summary>
    public JsonElement? Default { get; init; }

    public TimeSpan? MaxFuture { get; init; }
}

/// <summary>What the answer is made of.</summary>
public sealed record ResponseSection
{
    public required PredictionSection Prediction { get; init; }

    public InfoSection? Info { get; init; }
}

/// <summary>The number in the answer: element <see cref="Index"/> of the row in an output tensor.</summary>
public sealed record PredictionSection
{
    public required string Output { get; init; }

    public int Index { get; init; }
}

/// <summary>The text in the answer.</summary>
public sealed record InfoSection
{
    /// <summary>The text where there is no other.</summary>
    public const string NotAvailable = "N/A";

    public required string Feature { get; init; }

    public string OrElse { get; init; } = NotAvailable;
}

/// <summary>When to send a message, and where.</summary>
public sealed record RuleSection
{
    public required ConditionSection When { get; init; }

    public required string To { get; init; }

    /// <summary>How long a user has no further message of this rule after one. Default: none. At most 7 days.</summary>
    public TimeSpan? Quiet { get; init; }
}

/// <summary>A threshold on the answer.</summary>
public sealed record ConditionSection
{
    public required string Field { get; init; }

    public double? Above { get; init; }

    public double? Below { get; init; }
}
