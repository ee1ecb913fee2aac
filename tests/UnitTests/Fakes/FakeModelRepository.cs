using System.Collections.Concurrent;
using System.Globalization;
using OrleansInference.Grains;
using OrleansInference.Grains.Models.Repository;

namespace UnitTests.Fakes;

/// <summary>A repository in memory; manifests are real files.</summary>
internal sealed class FakeModelRepository : IModelRepository, IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly ConcurrentDictionary<string, StoredModel> _models = new();
    private int _writes;

    /// <summary>A fault of the repository itself.</summary>
    public string? Fault { get; set; }

    /// <summary>Puts a model in place of the one there; a version is another file with every <paramref name="edition"/>.</summary>
    public void Put(string name, IReadOnlyList<int> versions, string? manifest = null, int edition = 0) => _models[name] = new StoredModel(
        name,
        _directory.PathOf(name),
        manifest is null ? null : _directory.Write($"{name}/{Interlocked.Increment(ref _writes)}.json", manifest),
        versions.ToDictionary(version => version, version => new StoredVersion(_directory.PathOf(name, version.ToString(CultureInfo.InvariantCulture), "model.onnx"), $"{edition}")));

    public void Remove(string name) => _models.TryRemove(name, out _);

    public IReadOnlyList<string> List() => Fault is null ? [.. _models.Keys.Order(StringComparer.Ordinal)] : throw new InferenceStartupException(Fault);

    public StoredModel? Read(string name) => _models.GetValueOrDefault(name);

    public string? Fingerprint(string name) => _models.TryGetValue(name, out var model)
        ? $"{model.ManifestFile} {string.Join(" ", model.Versions.OrderBy(version => version.Key).Select(version => $"{version.Key}:{version.Value.Fingerprint}"))}"
        : null;

    public void Dispose() => _directory.Dispose();
}
