using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.Features.Lookups;

/// <summary>A CSV or JSON file of features by key. Section <c>Inference:Lookups:{name}</c>.</summary>
public sealed class LookupOptions
{
    /// <summary>
    /// The file; relative paths are under the model repository. <c>.json</c> is an object of objects by key, or an array of objects
    /// with the key among their properties; anything else is CSV with a line of column names.
    /// </summary>
    [Required]
    public string Path { get; set; } = "";

    /// <summary>The request field whose value is looked up.</summary>
    [Required]
    public string Field { get; set; } = "";

    /// <summary>The column that holds the keys. Default: the name of the request field.</summary>
    public string? KeyColumn { get; set; }

    /// <summary>
    /// How often the file is looked at; a change is served once it has stayed the same for two looks. Default: 5 s. Zero reads it at the
    /// start only. At most 1 day.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan ReloadInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The features, by name.</summary>
    public Dictionary<string, FeatureColumnOptions> Columns { get; set; } = [];
}
