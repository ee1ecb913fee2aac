namespace OrleansInference.Grains.Models.Repository;

/// <summary>Port to where models lie: <c>{model}/model.json</c> and <c>{model}/{version}/model.onnx</c>.</summary>
public interface IModelRepository
{
    /// <summary>Every model there is.</summary>
    /// <exception cref="InferenceStartupException">The repository cannot be read, or holds something that cannot be a model.</exception>
    IReadOnlyList<StoredModel> List();
}

/// <summary>A model as it lies in the repository.</summary>
/// <param name="Name">The folder's name.</param>
/// <param name="ManifestFile">The full path of <c>model.json</c>; null where the model has none.</param>
/// <param name="Versions">The full path of each version's <c>model.onnx</c>, by version.</param>
public sealed record StoredModel(string Name, string? ManifestFile, IReadOnlyDictionary<int, string> Versions);
