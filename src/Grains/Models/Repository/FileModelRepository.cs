using System.Globalization;
using Microsoft.Extensions.Options;

namespace OrleansInference.Grains.Models.Repository;

/// <summary>A folder with a folder for each model.</summary>
public sealed class FileModelRepository(IOptions<ModelRepositoryOptions> options) : IModelRepository
{
    public IReadOnlyList<StoredModel> List()
    {
        var root = options.Value.Path;
        if (!Directory.Exists(root))
            throw new InferenceStartupException($"The model repository {root} does not exist. Create it, or set Inference:ModelRepository:Path.");

        var models = Directory.EnumerateDirectories(root).Order(StringComparer.Ordinal).Select(Read).OfType<StoredModel>().ToArray();
        return models.Length > 0
            ? models
            : throw new InferenceStartupException($"The model repository {root} holds no model. Add one as <model>/<version>/model.onnx, such as {System.IO.Path.Combine(root, "my-model", "1", "model.onnx")}.");
    }

    // A folder without a manifest and without a version is something else, such as training scripts.
    private static StoredModel? Read(string folder)
    {
        var name = Path.GetFileName(folder);
        var manifest = Path.Combine(folder, "model.json");
        var versions = ReadVersions(folder);
        if (versions.Count == 0 && !File.Exists(manifest)) return null;
        if (versions.Count == 0)
            throw new InferenceStartupException($"{manifest}: the model has no version. Add {Path.Combine(folder, "1", "model.onnx")}, or remove the folder.");
        if (!ModelName.IsValid(name))
            throw new InferenceStartupException($"{folder}: '{name}' cannot be a model's name. Use {ModelName.Rule}.");

        return new StoredModel(name, File.Exists(manifest) ? manifest : null, versions);
    }

    private static SortedDictionary<int, string> ReadVersions(string folder)
    {
        var versions = new SortedDictionary<int, string>();
        foreach (var versionFolder in Directory.EnumerateDirectories(folder))
        {
            var name = Path.GetFileName(versionFolder);
            var file = Path.Combine(versionFolder, "model.onnx");
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var version)) continue;
            if (version < 1 || name != version.ToString(CultureInfo.InvariantCulture))
                throw new InferenceStartupException($"{versionFolder}: a version is an integer from 1, without leading zeros. Rename the folder.");
            if (!File.Exists(file))
                throw new InferenceStartupException($"{versionFolder}: the version has no model.onnx. Add it, or remove the folder.");
            versions.Add(version, file);
        }

        return versions;
    }
}
