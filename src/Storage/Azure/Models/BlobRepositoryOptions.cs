using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Storage.Azure.Models;

/// <summary>A blob container that models come from, in the layout of the folder. Section <c>Inference:ModelRepository:Blob</c>; without it, models come from a folder.</summary>
public sealed class BlobRepositoryOptions : AzureAccountOptions
{
    /// <summary>The section.</summary>
    public const string Section = "Inference:ModelRepository:Blob";

    /// <summary>The container, which is only read. 3 to 63 lower-case letters, digits and single hyphens between them.</summary>
    [Required(ErrorMessage = "The field Container must name the container that holds the models.")]
    [RegularExpression("^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$", ErrorMessage = "The field Container must be 3 to 63 lower-case letters, digits and single hyphens between them.")]
    public string Container { get; set; } = "";

    /// <summary>What the models' names begin with in the container, such as <c>production/models</c>. Default: nothing.</summary>
    public string Prefix { get; set; } = "";

    /// <summary>
    /// Where copies are kept, so that a start needs no container. A folder of this program's own: what the container has not is
    /// removed from it. Default: <c>model-cache</c> in the data directory.
    /// </summary>
    public string CacheDirectory { get; set; } = "";

    /// <summary>The prefix as names have it.</summary>
    internal string NamePrefix => Prefix.Trim('/') is { Length: > 0 } prefix ? $"{prefix}/" : "";
}
