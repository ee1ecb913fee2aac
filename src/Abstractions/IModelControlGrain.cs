namespace OrleansInference;

/// <summary>What the whole cluster has agreed on for one model; it survives restarts. Key: the model's name.</summary>
[Alias("inference.model-control")]
public interface IModelControlGrain : IGrainWithStringKey
{
    /// <summary>Reads the model's folder again and serves what is there; answers when every active silo does, or names those that do not.</summary>
    /// <exception cref="InferenceException">NotFound: the repository has no such model. ModelFailed: it cannot be loaded, and why.</exception>
    [Alias("load"), ResponseTimeout("00:05:00")]
    Task<ModelChange> LoadAsync();

    /// <summary>Stops serving the model until it is loaded again, also after a restart.</summary>
    /// <exception cref="InferenceException">NotFound: the repository has no such model.</exception>
    [Alias("unload"), ResponseTimeout("00:05:00")]
    Task<ModelChange> UnloadAsync();
}
