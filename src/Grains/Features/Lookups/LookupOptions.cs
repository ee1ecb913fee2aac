using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.Features.Lookups;

/// <summary>A CSV file of features by key. Section <c>Inference:Lookups:{name}</c>.</summary>
public sealed class LookupOptions
{
    /// <summary>The file; relative paths are under the model repository.</summary>
    [Required]
    public string Path { get; set; } = "";

    /// <summary>The request field whose value is looked up.</summary>
    [Required]
    public string Field { get; set; } = "";

    /// <summary>The column that holds the keys. Default: the name of the request field.</summary>
    public string? KeyColumn { get; set; }

    /// <summary>The features, by name.</summary>
    public Dictionary<string, FeatureColumnOptions> Columns { get; set; } = [];
}
