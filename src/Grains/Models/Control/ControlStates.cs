using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains.Models.Control;

/// <summary>Asks the control grains.</summary>
internal sealed partial class ControlStates(IGrainFactory grains, ILogger<ControlStates> logger) : IControlStates
{
    public async Task<ModelControlState> GetAsync(string model)
    {
        try
        {
            return await grains.GetGrain<IModelControlStateGrain>(model).GetAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is not InferenceException)
        {
            // The grain cannot be activated without its state.
            throw NotRead(e, model);
        }
    }

    /// <summary>What a caller is told of a state that could not be read; the log has the cause.</summary>
    public InferenceException NotRead(Exception cause, string model)
    {
        LogNotRead(cause, model);
        return new InferenceException(
            InferenceErrorCode.StorageUnavailable, $"What was agreed on for model {model} could not be read from grain storage. Retry when it answers.", TimeSpan.FromSeconds(1));
    }

    [LoggerMessage(EventIds.ControlNotRead, LogLevel.Warning, "What was agreed on for model {ModelName} could not be read from grain storage")]
    private partial void LogNotRead(Exception cause, string modelName);
}
