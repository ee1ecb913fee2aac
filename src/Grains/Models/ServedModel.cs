using System.Globalization;
using OrleansInference.Grains.Models.Planning;

namespace OrleansInference.Grains.Models;

/// <summary>A model that serves: its versions in memory and, where its manifest says how, the plan of a prediction.</summary>
public sealed record ServedModel(string Name, PredictPlan? Plan, IReadOnlyDictionary<int, ServedModelVersion> Versions, int DefaultVersion) : IDisposable
{
    /// <exception cref="InferenceException">NotFound, naming what is served.</exception>
    public ServedModelVersion Version(string? version)
    {
        if (version is null) return Versions[DefaultVersion];
        return int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && Versions.TryGetValue(number, out var found)
            ? found
            : throw new InferenceException(
                InferenceErrorCode.NotFound, $"Model {Name} has no version '{FieldError.Quote(version)}'. It serves: {string.Join(", ", Versions.Keys)}.");
    }

    public void Dispose()
    {
        foreach (var version in Versions.Values) version.Dispose();
    }
}
