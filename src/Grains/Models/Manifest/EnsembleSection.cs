using System.Text.Json;

namespace OrleansInference.Grains.Models.Manifest;

/// <summary>A model that is made of others: steps that feed each other's tensors.</summary>
public sealed record EnsembleSection
{
    /// <summary>In any order: a step starts when its tensors are there.</summary>
    public required IReadOnlyList<EnsembleStepSection> Steps { get; init; }

    /// <summary>The tensors that are answered, in this order; each is made by a step.</summary>
    public required IReadOnlyList<string> Outputs { get; init; }
}

/// <summary>One call of a model. Tensors that no step makes are the ensemble's inputs.</summary>
public sealed record EnsembleStepSection
{
    public required string Model { get; init; }

    /// <summary>A version's number, or a label. Default: what the model answers with when nobody asks for a version.</summary>
    public JsonElement? Version { get; init; }

    /// <summary>For each input of the model, the tensor that fills it.</summary>
    public required IReadOnlyDictionary<string, string> Inputs { get; init; }

    /// <summary>For the outputs of the model that are used, the tensor that each becomes.</summary>
    public required IReadOnlyDictionary<string, string> Outputs { get; init; }
}
