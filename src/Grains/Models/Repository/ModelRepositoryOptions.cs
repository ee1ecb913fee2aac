using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.Models.Repository;

/// <summary>Where models come from. Section <c>Inference:ModelRepository</c>.</summary>
public sealed class ModelRepositoryOptions
{
    /// <summary>The folder. Default: <c>models</c> in the repository's root, or beside the program where it was published.</summary>
    public string Path { get; set; } = "";

    /// <summary>
    /// How often the folder is looked at; what has changed is served once it has stayed the same for two looks. Default: 2 s. Zero
    /// never looks: changes are served when they are asked for through the API. At most 1 day.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(2);
}
