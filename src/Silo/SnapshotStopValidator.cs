using Microsoft.Extensions.Options;
using OrleansInference.Grains.Users;

namespace OrleansInference.Silo;

/// <summary>Snapshots are written before the silo leaves, and the silo leaves within the shutdown's time: the one must end before the other.</summary>
internal sealed class SnapshotStopValidator(ShutdownOptions shutdown) : IValidateOptions<SnapshotOptions>
{
    public ValidateOptionsResult Validate(string? name, SnapshotOptions options) =>
        options.StopTimeout < shutdown.Timeout
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"Inference:Snapshots:StopTimeout is {options.StopTimeout}, which is not less than Inference:Shutdown:Timeout = {shutdown.Timeout}: the silo would be ended before its users have left. Lower the one, or raise the other.");
}
