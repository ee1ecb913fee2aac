namespace OrleansInference.Grains.Models.Control;

/// <summary>Port to what the cluster has agreed on for each model.</summary>
internal interface IControlStates
{
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    Task<ModelControlState> GetAsync(string model);
}
