using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.Models.Residency;

/// <summary>How many models are in memory. Section <c>Inference:Models</c>.</summary>
public sealed class ModelResidencyOptions
{
    /// <summary>
    /// Most models in memory. With a limit a model is loaded at its first request, in the place of the one that was longest unused;
    /// only <c>Inference:DefaultModel</c> is loaded at the start. Default: none, every model is loaded at the start.
    /// </summary>
    [Range(1, 1_000_000)]
    public int? MaxLoadedModels { get; set; }
}
