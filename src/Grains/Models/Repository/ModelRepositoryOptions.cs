namespace OrleansInference.Grains.Models.Repository;

/// <summary>Where models come from. Section <c>Inference:ModelRepository</c>.</summary>
public sealed class ModelRepositoryOptions
{
    /// <summary>The folder. Default: <c>models</c> in the repository's root, or beside the program where it was published.</summary>
    public string Path { get; set; } = "";
}
