using Microsoft.Extensions.Options;

namespace OrleansInference.Grains.Models;

/// <summary>Rules that span several settings.</summary>
internal sealed class ModelServingOptionsValidator : IValidateOptions<ModelServingOptions>
{
    public ValidateOptionsResult Validate(string? name, ModelServingOptions options) =>
        options.Threads <= Environment.ProcessorCount
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"Inference:Models:Threads is {options.Threads}, but this machine has {Environment.ProcessorCount} cores. Set it to {Environment.ProcessorCount} or less.");
}
