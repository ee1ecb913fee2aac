namespace OrleansInference;

/// <summary>Keys of <see cref="IModelGrain"/>.</summary>
public static class ModelKey
{
    /// <summary>Stands for whatever model the silo's configuration names as the default; no model can have this name.</summary>
    public const string Default = "?";
}
