namespace OrleansInference.Grains.Models;

/// <summary>The loading of the models that serve from the start.</summary>
public interface IInferenceStartup
{
    /// <summary>Completes when they are loaded and warm; fails where one of them cannot be.</summary>
    /// <exception cref="InferenceStartupException">What is wrong, where, and the remedy.</exception>
    Task Completion { get; }
}
