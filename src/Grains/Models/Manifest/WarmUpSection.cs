using System.Text.Json;

namespace OrleansInference.Grains.Models.Manifest;

/// <summary>A sample request.</summary>
public sealed record WarmUpSection
{
    public required IReadOnlyList<WarmUpInputSection> Inputs { get; init; }
}

/// <summary>One tensor of a sample request; its datatype is the model's.</summary>
public sealed record WarmUpInputSection
{
    public required string Name { get; init; }

    public required IReadOnlyList<long> Shape { get; init; }

    /// <summary>The elements in row-major order, flat or nested.</summary>
    public required JsonElement Data { get; init; }
}
