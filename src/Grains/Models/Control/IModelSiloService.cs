using Orleans.Services;

namespace OrleansInference.Grains.Models.Control;

/// <summary>Each silo's ear for what the cluster agrees on.</summary>
[Alias("inference.model-silo")]
public interface IModelSiloService : IGrainService
{
    /// <summary>Serves a model as agreed.</summary>
    /// <returns>Null when the silo does; else why it does not.</returns>
    [Alias("apply"), ResponseTimeout("00:04:30")]
    Task<string?> ApplyAsync(string model, ModelControlState control, bool read);
}
