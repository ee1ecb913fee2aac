using OrleansInference.Grains.Models.Loading;

namespace OrleansInference.Silo.WarmUp;

/// <summary>The predictions that the program sends itself before it is ready.</summary>
public interface IPathWarmUp
{
    /// <summary>The model that they ask; there is one of this name only meanwhile, and never among the served.</summary>
    const string Model = WarmUpModel.Name;

    /// <summary>Completes when they are over, or have been given up: never fails.</summary>
    Task Completion { get; }
}
