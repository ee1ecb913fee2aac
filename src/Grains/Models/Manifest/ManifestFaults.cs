namespace OrleansInference.Grains.Models.Manifest;

/// <summary>Collects every fault of one manifest, so that its author mends them in one go.</summary>
internal sealed class ManifestFaults(string file, JsonLines lines)
{
    private readonly List<string> _faults = [];

    /// <summary>Notes what is wrong at a path such as <c>predict.features[1]</c>, and the remedy; what is wrong for every version is said once.</summary>
    public void Add(string path, string fault)
    {
        var line = $"{file}:{LineOf(path)}: {path}: {fault}";
        if (!_faults.Contains(line)) _faults.Add(line);
    }

    public int LineOf(string path) => lines.Of(path);

    public void ThrowIfAny()
    {
        if (_faults.Count > 0) throw new InferenceStartupException(string.Join(Environment.NewLine, _faults));
    }
}
