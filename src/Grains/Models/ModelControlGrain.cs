namespace OrleansInference.Grains.Models;

/// <summary>What the cluster has agreed on for one model.</summary>
[GrainType("model-control")]
internal sealed class ModelControlGrain : Grain, IModelControlGrain
{
    public Task<ModelChange> LoadAsync() => Task.FromResult(new ModelChange(0, []));

    public Task<ModelChange> UnloadAsync() => Task.FromResult(new ModelChange(0, []));
}
