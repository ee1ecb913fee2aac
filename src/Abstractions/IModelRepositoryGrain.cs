namespace OrleansInference;

/// <summary>All models of the silo that is asked. Key: <see cref="Key"/>.</summary>
[Alias("inference.model-repository")]
public interface IModelRepositoryGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "-";

    /// <summary>Every version of every model in the repository and in memory, by name and version.</summary>
    [Alias("list"), ResponseTimeout("00:00:30")]
    Task<IReadOnlyList<ModelIndexEntry>> ListAsync();

    /// <summary>What the versions in memory have done: of one model or of all, of one version (number or label) or of all.</summary>
    /// <exception cref="InferenceException">NotFound.</exception>
    [Alias("get-statistics"), ResponseTimeout("00:00:30")]
    Task<IReadOnlyList<ModelStatistics>> GetStatisticsAsync(string? model, string? version);

    /// <summary>Whether the models that load at the start are loaded and warm.</summary>
    [Alias("is-ready"), ResponseTimeout("00:00:30")]
    Task<bool> IsReadyAsync();
}
