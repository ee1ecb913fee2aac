using System.ComponentModel.DataAnnotations;
using OrleansInference.Grains.Features.Views;

namespace OrleansInference.Grains.Features.Windows;

/// <summary>Where a user's past events are. Section <c>Inference:FeatureViews:{name}:History</c>.</summary>
public sealed class EventHistoryOptions
{
    /// <summary>What the query is asked of. Default: Sqlite.</summary>
    public FeatureDatabaseProvider Provider { get; set; } = FeatureDatabaseProvider.Sqlite;

    /// <summary>What a user id is to the database. Default: ById, an integer where it is the decimal form of a 64-bit integer and text otherwise.</summary>
    public UserIdType UserIdType { get; set; } = UserIdType.ById;

    /// <summary>The database, never logged. For SQLite, a Microsoft.Data.Sqlite connection string; a relative file is under the data directory.</summary>
    [Required]
    public string ConnectionString { get; set; } = "";

    /// <summary>
    /// The query: a row for each past event of the parameter <c>@user_id</c> that is after <c>@since</c> and before <c>@until</c>, the
    /// time of the first event that comes to us (both in Unix seconds). Columns: <c>at</c>, a timestamp or Unix seconds, and one for each field
    /// of the event, such as <c>value</c>.
    /// </summary>
    [Required]
    public string Sql { get; set; } = "";

    /// <summary>Longest time the query may take before it is interrupted. Default: 800 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMilliseconds(800);
}
