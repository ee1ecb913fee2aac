namespace OrleansInference.Grains.Models.Control;

/// <summary>Asks the control grains.</summary>
internal sealed class ControlStates(IGrainFactory grains) : IControlStates
{
    public async Task<ModelControlState> GetAsync(string model)
    {
        try
        {
            return await grains.GetGrain<IModelControlStateGrain>(model).GetAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is not InferenceException)
        {
            // The grain cannot be activated without its state; the runtime has logged why.
            throw new InferenceException(
                InferenceErrorCode.StorageUnavailable, $"What was agreed on for model {model} could not be read from grain storage. Retry when it answers.", TimeSpan.FromSeconds(1));
        }
    }
}
