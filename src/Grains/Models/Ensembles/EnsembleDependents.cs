using OrleansInference.Grains.Models.Residency;

namespace OrleansInference.Grains.Models.Ensembles;

/// <summary>Tells which ensembles a change of a model concerns.</summary>
internal sealed class EnsembleDependents(ModelEntries entries, IStepModels models)
{
    /// <summary>Ensembles whose plans were made for what is there no longer, and those that could not be loaded and name the model. Reads files.</summary>
    public IReadOnlyList<ModelEntry> Of(ModelEntry changed) =>
        [.. entries.All.Where(entry => entry.Current is { } current ? IsStale(current) : WaitsFor(entry, changed))];

    /// <summary>Whether it is an ensemble that was planned for another state of a step's model.</summary>
    public bool IsStale(ServedModel model) => model.Ensemble?.Plan.Steps.Any(IsStale) is true;

    /// <summary>Whether it is an ensemble that cannot serve because a model that it needs was unloaded through the API. Reads files.</summary>
    public bool WaitsForUnloaded(ModelEntry entry) => WaitsForUnloaded(entry.Name, []);

    private bool IsStale(EnsembleStep step)
    {
        if (entries.Find(step.Model) is not { } entry) return true;
        if (entry.Current is { } current) return current.FindVersion(step.Version) is not { } loaded || !step.Served.Is(loaded);

        // One that has only left memory comes back with the next request.
        return entry.Control.Unloaded || entry.Fault is not null;
    }

    private bool WaitsFor(ModelEntry entry, ModelEntry changed) =>
        entry != changed && entry.Fault is not null && changed is { Fault: null, IsRemoved: false, Control.Unloaded: false } && models.StepsOf(entry.Name).Contains(changed.Name);

    private bool WaitsForUnloaded(string model, HashSet<string> seen) =>
        seen.Add(model) && models.StepsOf(model).Any(step => entries.Find(step)?.Control.Unloaded is true || WaitsForUnloaded(step, seen));
}
