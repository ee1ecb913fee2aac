using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Grains.PostProcessing;

/// <summary>What the log keeps of a prediction.</summary>
public sealed record PredictionRecord
{
    public required Guid Id { get; init; }

    /// <summary>The user's grain key, see <see cref="UserKey"/>.</summary>
    public required string User { get; init; }

    /// <summary>The place among the user's predictions, from 1. Unique with <see cref="User"/>; gaps are failed commits.</summary>
    public required long Sequence { get; init; }

    public required string Model { get; init; }

    public required int Version { get; init; }

    /// <summary>Why that version answered.</summary>
    public ModelVariant Variant { get; init; }

    /// <summary>The caller's idempotency key; null where none was sent, and when its time is over.</summary>
    public string? IdempotencyKey { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Whether the body holds an event of the user.</summary>
    public bool IsEvent { get; init; }

    /// <summary>The names of the features in <see cref="Body"/>; written once for all records that share them.</summary>
    public required FeatureSchema Schema { get; init; }

    /// <summary>Features with ages and statuses, and the reply: see <see cref="PredictionBody"/>.</summary>
    public required byte[] Body { get; init; }

    public required IReadOnlyList<OutboxMessage> Messages { get; init; }

    /// <summary>The records that this one builds on.</summary>
    public RecordChain Chain { get; init; } = new();
}
