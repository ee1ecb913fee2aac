using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.Features.Views;

/// <summary>A feature view: a query that gives the features of one user. Section <c>Inference:FeatureViews:{name}</c>.</summary>
public sealed class FeatureViewOptions
{
    /// <summary>The database. For SQLite, a Microsoft.Data.Sqlite connection string; a relative file is under the data directory.</summary>
    [Required]
    public string ConnectionString { get; set; } = "";

    /// <summary>
    /// The query: at most one row for the parameter <c>@user_id</c>, which is an integer where the id is the decimal form of a
    /// 64-bit integer and text otherwise. No row gives the defaults.
    /// </summary>
    [Required]
    public string Sql { get; set; } = "";

    /// <summary>How long the values stay in the user's memory before they are read again. Default: 1 minute. Zero reads them every time.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan Ttl { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Longest time the query may take before it is interrupted. Default: 800 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMilliseconds(800);

    /// <summary>The features, by name.</summary>
    public Dictionary<string, FeatureColumnOptions> Columns { get; set; } = [];
}
