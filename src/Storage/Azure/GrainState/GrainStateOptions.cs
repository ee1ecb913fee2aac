using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Storage.Azure.GrainState;

/// <summary>Where the grains' state is kept: users' snapshots, what is agreed on for each model, replays. Section <c>Inference:GrainState</c>.</summary>
public sealed class GrainStateOptions : AzureAccountOptions
{
    /// <summary>The section.</summary>
    public const string Section = "Inference:GrainState";

    /// <summary>
    /// Sqlite, PostgreSql, AzureTable or AzureBlob. Nothing is copied from one to another: users' windows start again from the log; what was
    /// agreed on for models, and replays under way, stay behind. Default: where the log is.
    /// </summary>
    public GrainStateProvider Provider { get; set; }

    /// <summary>The table, made where it is missing. Default: <c>OrleansGrainState</c>. 3 to 63 letters and digits, a letter first.</summary>
    [RegularExpression("^[A-Za-z][A-Za-z0-9]{2,62}$", ErrorMessage = "The field TableName must be 3 to 63 letters and digits, a letter first.")]
    public string TableName { get; set; } = "OrleansGrainState";

    /// <summary>
    /// The container, made where it is missing. One for each service: the blobs' names do not tell services apart. Default:
    /// <c>grainstate</c>. 3 to 63 lower-case letters, digits and single hyphens between them.
    /// </summary>
    [RegularExpression("^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$", ErrorMessage = "The field ContainerName must be 3 to 63 lower-case letters, digits and single hyphens between them.")]
    public string ContainerName { get; set; } = "grainstate";

    /// <summary>Longest wait at the start for the account to answer. Default: 15 s. From 1 s to 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(15);
}
