using Orleans.Concurrency;

namespace OrleansInference.Grains.Models.Control;

/// <summary>What silos ask and tell a model's control grain; its other face is <see cref="IModelControlGrain"/>. Key: the model's name.</summary>
[Alias("inference.model-control-silos")]
public interface IModelControlStateGrain : IGrainWithStringKey
{
    /// <summary>The state that silos follow.</summary>
    /// <remarks>Interleaves: a silo that loads the model asks while the grain waits for that very silo.</remarks>
    [Alias("get"), AlwaysInterleave, ReadOnly]
    Task<ModelControlState> GetAsync();

    /// <summary>Takes a canary's share away until the manifest names another one or the model is loaded through the API.</summary>
    [Alias("demote"), ResponseTimeout("00:05:00")]
    Task<ModelChange> DemoteAsync(int version, string reason);
}
