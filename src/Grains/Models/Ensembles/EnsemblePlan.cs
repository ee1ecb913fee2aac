using System.Globalization;
using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models.Ensembles;

/// <summary>A manifest's <c>ensemble</c>, checked against the models it names.</summary>
/// <remarks>Tensors stand by position: the ensemble's inputs first, then what the steps make.</remarks>
internal sealed record EnsemblePlan
{
    public required string Model { get; init; }

    /// <summary>What callers send and get.</summary>
    public required ModelMetadata Metadata { get; init; }

    /// <summary>Each behind those whose tensors it takes.</summary>
    public required IReadOnlyList<EnsembleStep> Steps { get; init; }

    /// <summary>Where each answered tensor stands, in the order of the metadata's outputs.</summary>
    public required IReadOnlyList<int> Outputs { get; init; }

    public required int TensorCount { get; init; }

    /// <summary>The smallest of the steps' models; 0 where one of them joins no requests.</summary>
    public required int MaxBatchSize { get; init; }

    /// <summary>A text that changes with the versions it was made for.</summary>
    public string Fingerprint => string.Join(' ', Steps.Select(step => string.Create(CultureInfo.InvariantCulture, $"{step.Model}/{step.Served.Version}:{step.Served.Fingerprint}")));
}

/// <summary>One call of a model.</summary>
/// <param name="Key">Where it stands in the manifest: <c>steps[0]</c>.</param>
/// <param name="Model">The model.</param>
/// <param name="Version">A number or a label; null for the model's own choice.</param>
/// <param name="Served">The version for which it was planned.</param>
/// <param name="Inputs">The tensors it takes.</param>
/// <param name="Outputs">The tensors it makes.</param>
/// <param name="Producers">The steps, by position in the plan, that must have ended before.</param>
internal sealed record EnsembleStep(
    string Key, string Model, string? Version, StepModel Served, IReadOnlyList<EnsembleLink> Inputs, IReadOnlyList<EnsembleLink> Outputs, IReadOnlyList<int> Producers)
{
    /// <summary>The outputs to ask the model for.</summary>
    public IReadOnlyList<string> OutputNames { get; } = [.. Outputs.Select(output => output.Name)];

    /// <summary>Whether a version of these tensors can answer in place of the one it was planned for: it needs no other inputs, and makes what is used.</summary>
    public bool Fits(ModelMetadata metadata) =>
        metadata.Inputs.Count == Inputs.Count
        && Inputs.All(input => EnsembleTensors.Fit(Served.Metadata.FindInput(input.Name), metadata.FindInput(input.Name)))
        && Outputs.All(output => EnsembleTensors.Fit(Served.Metadata.FindOutput(output.Name), metadata.FindOutput(output.Name)));
}

/// <summary>One tensor of the ensemble as a step's model sees it.</summary>
/// <param name="Name">The model's input or output.</param>
/// <param name="Tensor">The ensemble's name for it.</param>
/// <param name="Position">Where it stands among the ensemble's tensors.</param>
internal sealed record EnsembleLink(string Name, string Tensor, int Position);
