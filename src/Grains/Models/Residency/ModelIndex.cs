using OrleansInference.Grains.Models.Repository;

namespace OrleansInference.Grains.Models.Residency;

/// <summary>Every version of every model, in memory and on disk, and why one does not serve.</summary>
internal sealed class ModelIndex(ModelEntries entries, ModelPlaces places, IModelRepository repository)
{
    private const string Waits = "It is not in memory; its first request loads it (Inference:Models:MaxLoadedModels).";

    /// <summary>By name and version. Blocks: it reads the folders.</summary>
    public IReadOnlyList<ModelIndexEntry> List() =>
        [.. entries.All.OrderBy(entry => entry.Name, StringComparer.Ordinal).SelectMany(List)];

    private IEnumerable<ModelIndexEntry> List(ModelEntry entry)
    {
        var current = entry.Current;
        var stored = Stored(entry.Name, out var unreadable);
        var fault = entry.Fault ?? unreadable ?? "";
        var draining = entries.Draining.Where(model => model.Name == entry.Name).SelectMany(model => model.Versions.Keys);
        int[] versions = [.. stored.Concat(current?.Versions.Keys ?? []).Concat(draining).Distinct().Order()];
        if (versions.Length == 0) return [new ModelIndexEntry(entry.Name, null, StateOf(entry), WhyAbsent(entry, fault))];

        // Where everything that is on disk serves, the fault must be in what was read last: it is shown beside what still serves.
        var allServe = current is not null && versions.All(current.Versions.ContainsKey);
        return versions.Select(version => current?.Versions.ContainsKey(version) is true
            ? new ModelIndexEntry(entry.Name, version, ModelState.Ready, allServe ? fault : "")
            : new ModelIndexEntry(
                entry.Name,
                version,
                draining.Contains(version) ? ModelState.Unloading : StateOf(entry),
                current is not null && fault.Length == 0 ? WhyLeftOut(entry) : WhyAbsent(entry, fault)));
    }

    private static ModelState StateOf(ModelEntry entry) => entry is { IsLoading: true, Current: null } ? ModelState.Loading : ModelState.Unavailable;

    private string WhyLeftOut(ModelEntry entry) => repository.Fingerprint(entry.Name) == entry.TriedFingerprint
        ? "versions.policy in the manifest leaves it out."
        : "The folder has changed since it was read; the next look at it, or a load through the API, serves it.";

    private string WhyAbsent(ModelEntry entry, string fault)
    {
        if (entry.Control.Unloaded) return "It was unloaded through the API.";
        if (fault.Length > 0) return fault;
        if (entry.IsLoading) return "It is being loaded.";
        return places.IsLimited ? Waits : "";
    }

    private IEnumerable<int> Stored(string name, out string? fault)
    {
        fault = null;
        try
        {
            return repository.Read(name)?.Versions.Keys ?? [];
        }
        catch (Exception e) when (e is InferenceStartupException or IOException or UnauthorizedAccessException)
        {
            fault = e.Message;
            return [];
        }
    }
}
