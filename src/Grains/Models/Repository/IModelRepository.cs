namespace OrleansInference.Grains.Models.Repository;

/// <summary>Port to where models lie: <c>{model}/model.json</c> and <c>{model}/{version}/model.onnx</c>.</summary>
/// <remarks>Its calls block: no grain makes them.</remarks>
public interface IModelRepository
{
    /// <summary>Every model there is, by name, in order; what is wrong inside one is said when it is read.</summary>
    /// <exception cref="InferenceStartupException">The repository itself cannot be read.</exception>
    IReadOnlyList<string> List();

    /// <summary>Brings the folder up to date with where models come from, without waiting for a look; nothing where they lie in the folder.</summary>
    /// <exception cref="InferenceStartupException">There is nothing to read.</exception>
    void Refresh()
    {
    }

    /// <summary>A model as it lies there; null where there is none of that name.</summary>
    /// <exception cref="InferenceStartupException">It cannot be a model: what, where, and the remedy.</exception>
    StoredModel? Read(string name);

    /// <summary>A text that changes with every file that matters to the model: much cheaper than reading it. Null where there is no such model.</summary>
    string? Fingerprint(string name);
}

/// <summary>A model as it lies in the repository.</summary>
/// <param name="Name">The folder's name.</param>
/// <param name="Folder">The folder's full path.</param>
/// <param name="ManifestFile">The full path of <c>model.json</c>; null where the model has none.</param>
/// <param name="Versions">The versions by number.</param>
public sealed record StoredModel(string Name, string Folder, string? ManifestFile, IReadOnlyDictionary<int, StoredVersion> Versions);

/// <summary>A version as it lies in the repository.</summary>
/// <param name="File">The full path of its <c>model.onnx</c>.</param>
/// <param name="Fingerprint">A text that changes with its files.</param>
public sealed record StoredVersion(string File, string Fingerprint);
