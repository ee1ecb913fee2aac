using System.Globalization;
using Microsoft.Extensions.Options;

namespace OrleansInference.Grains.Models.Repository;

/// <summary>A folder with a folder for each model.</summary>
public sealed class FileModelRepository(IOptions<ModelRepositoryOptions> options) : IModelRepository
{
    private const string ManifestName = "model.json";

    private string Root => options.Value.Path;

    public IReadOnlyList<string> List()
    {
        if (!Directory.Exists(Root))
            throw new InferenceStartupException($"The model repository {Root} does not exist. Create it, or set Inference:ModelRepository:Path.");
        return [.. Directory.EnumerateDirectories(Root).Where(IsModel).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];
    }

    public StoredModel? Read(string name)
    {
        var folder = Path.Combine(Root, name);
        if (name.Length == 0 || Path.GetFileName(name) != name || !Directory.Exists(folder) || !IsModel(folder)) return null;
        if (!ModelName.IsValid(name))
            throw new InferenceStartupException($"{folder}: '{name}' cannot be a model's name. Use {ModelName.Rule}.");

        RepositoryLinks.ThrowIfOutside(Root, folder);
        var manifest = Path.Combine(folder, ManifestName);
        return new StoredModel(name, folder, File.Exists(manifest) ? Inside(manifest) : null, ReadVersions(folder));
    }

    public string? Fingerprint(string name)
    {
        var folder = Path.Combine(Root, name);
        return Directory.Exists(folder) && IsModel(folder)
            ? FileFingerprint.Of([Path.Combine(folder, ManifestName), .. VersionFolders(folder).Order(StringComparer.Ordinal)])
            : null;
    }

    // A folder without a manifest and without a version is something else, such as training scripts.
    private static bool IsModel(string folder) => File.Exists(Path.Combine(folder, ManifestName)) || VersionFolders(folder).Any();

    private static IEnumerable<string> VersionFolders(string folder) =>
        Directory.EnumerateDirectories(folder).Where(version => int.TryParse(Path.GetFileName(version), NumberStyles.None, CultureInfo.InvariantCulture, out _));

    private SortedDictionary<int, StoredVersion> ReadVersions(string folder)
    {
        var versions = new SortedDictionary<int, StoredVersion>();
        foreach (var versionFolder in VersionFolders(folder))
        {
            var name = Path.GetFileName(versionFolder);
            var version = int.Parse(name, CultureInfo.InvariantCulture);
            if (version < 1 || name != version.ToString(CultureInfo.InvariantCulture))
                throw new InferenceStartupException($"{versionFolder}: a version is an integer from 1, without leading zeros. Rename the folder.");
            RepositoryLinks.ThrowIfOutside(Root, versionFolder);
            var file = Path.Combine(versionFolder, "model.onnx");
            if (!File.Exists(file))
                throw new InferenceStartupException($"{versionFolder}: the version has no model.onnx. Add it, or remove the folder.");
            versions.Add(version, new StoredVersion(Inside(file), FileFingerprint.Of([versionFolder])));
        }

        return versions;
    }

    private string Inside(string file)
    {
        RepositoryLinks.ThrowIfOutside(Root, file);
        return file;
    }
}
