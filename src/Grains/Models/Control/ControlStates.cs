namespace OrleansInference.Grains.Models.Control;

/// <summary>Asks the control grains.</summary>
internal sealed class ControlStates(IGrainFactory grains) : IControlStates
{
    public Task<ModelControlState> GetAsync(string model) => grains.GetGrain<IModelControlStateGrain>(model).GetAsync();
}
