using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Providers;
using Orleans.Storage;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains;

/// <summary>The states that grains keep of their own, in the default grain storage.</summary>
internal sealed partial class StoredStates([FromKeyedServices(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME)] IGrainStorage storage, ILogger<StoredStates> logger)
{
    /// <summary>A grain's state, which it reads when it is activated.</summary>
    public StoredState<TState> Of<TState>(IGrainBase grain, string name, string what)
        where TState : class, new() => new(storage, grain.GrainContext.GrainId, name, what, LogFailed);

    [LoggerMessage(EventIds.StateFailed, LogLevel.Warning, "{What} could not be {Done}: grain storage failed")]
    private partial void LogFailed(Exception cause, string what, string done);
}
