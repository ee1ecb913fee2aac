using System.Globalization;
using System.Text;
using OrleansInference.Grains;
using OrleansInference.Grains.Models.Manifest;
using OrleansInference.Grains.Models.Repository;

namespace UnitTests.Grains.Models.Manifest;

/// <summary>Which versions serve, by policy; those that the manifest names always do.</summary>
public sealed class SelectedVersionsTests
{
    [Theory]
    [InlineData("{}", "1 2 3 4", 4)]
    [InlineData("""{ "policy": "all" }""", "1 2 3 4", 4)]
    [InlineData("""{ "policy": "all", "default": 2 }""", "1 2 3 4", 2)]
    [InlineData("""{ "policy": "latest" }""", "4", 4)]
    [InlineData("""{ "policy": "latest", "numVersions": 2 }""", "3 4", 4)]
    [InlineData("""{ "policy": "latest", "numVersions": 9 }""", "1 2 3 4", 4)]
    [InlineData("""{ "policy": "latest", "default": 1 }""", "1 4", 1)]
    [InlineData("""{ "policy": "latest", "labels": { "stable": 2 } }""", "2 4", 4)]
    [InlineData("""{ "policy": "specific", "specific": [1, 3] }""", "1 3", 3)]
    [InlineData("""{ "policy": "specific", "specific": [1], "shadow": { "version": 2 } }""", "1 2", 1)]
    public void Select_Policy_KeepsWhatItSaysAndWhatIsNamed(string versions, string served, int defaultVersion)
    {
        var selected = Select(versions);

        Assert.Equal((served, defaultVersion), (string.Join(" ", selected.Versions), selected.Default));
    }

    [Theory]
    [InlineData("""{ "canary": { "version": 4, "percent": 10 } }""", "1 2 3 4", 3)]
    [InlineData("""{ "policy": "latest", "canary": { "version": 4, "percent": 0.01 } }""", "3 4", 3)]
    [InlineData("""{ "policy": "latest", "canary": { "version": 4, "percent": 100 }, "shadow": { "version": 3 } }""", "2 3 4", 2)]
    public void Select_VersionOnTrial_IsServedButIsNotTheDefault(string versions, string served, int defaultVersion)
    {
        var selected = Select(versions);

        Assert.Equal((served, defaultVersion), (string.Join(" ", selected.Versions), selected.Default));
    }

    [Theory]
    [InlineData("""{ "policy": "newest" }""", "versions.policy: 'newest' is no policy. Write all, latest or specific.")]
    [InlineData("""{ "policy": "specific" }""", "versions.policy: the policy \"specific\" needs versions.specific.")]
    [InlineData("""{ "policy": "latest", "numVersions": 0 }""", "versions.numVersions: 0 is out of range. Set at least 1.")]
    [InlineData("""{ "numVersions": 2 }""", "versions.numVersions: it belongs to the policy \"latest\"")]
    [InlineData("""{ "specific": [1] }""", "versions.specific: it belongs to the policy \"specific\"")]
    [InlineData("""{ "policy": "specific", "specific": [1, 9] }""", "versions.specific[1]: there is no version 9. Add its folder, or name one of: 1, 2, 3, 4.")]
    [InlineData("""{ "default": 9 }""", "versions.default: there is no version 9.")]
    [InlineData("""{ "labels": { "stable": 9 } }""", "versions.labels.stable: there is no version 9.")]
    [InlineData("""{ "labels": { "1": 1 } }""", "versions.labels.1: '1' cannot be a label. Use letters, digits, '.', '_' and '-', beginning with a letter")]
    [InlineData("""{ "labels": { "a b": 1 } }""", "'a b' cannot be a label.")]
    [InlineData("""{ "canary": { "version": 9, "percent": 1 } }""", "versions.canary.version: there is no version 9.")]
    [InlineData("""{ "default": 2, "canary": { "version": 2, "percent": 1 } }""", "versions.canary.version: 2 is the default version too.")]
    [InlineData("""{ "canary": { "version": 2, "percent": 100.1 } }""", "versions.canary.percent: 100.1 is out of range. Set 0 to 100.")]
    [InlineData("""{ "canary": { "version": 2, "percent": -1 } }""", "versions.canary.percent: -1 is out of range.")]
    [InlineData("""{ "canary": { "version": 2, "percent": 0.125 } }""", "versions.canary.percent: 0.125 has more than two decimals. Round it.")]
    [InlineData("""{ "canary": { "version": 2, "percent": 1, "maxErrorRate": 1.5 } }""", "versions.canary.maxErrorRate: 1.5 is out of range.")]
    [InlineData("""{ "canary": { "version": 2, "percent": 1, "maxLatencyRatio": 0 } }""", "versions.canary.maxLatencyRatio: 0 is out of range.")]
    [InlineData("""{ "canary": { "version": 2, "percent": 1, "minRequests": 0 } }""", "versions.canary.minRequests: 0 is out of range.")]
    [InlineData("""{ "canary": { "version": 2, "percent": 1, "window": "00:00:00" } }""", "versions.canary.window: 00:00:00 is out of range.")]
    [InlineData("""{ "shadow": { "version": 9 } }""", "versions.shadow.version: there is no version 9.")]
    [InlineData("""{ "default": 2, "shadow": { "version": 2 } }""", "versions.shadow.version: 2 is the default version too.")]
    [InlineData("""{ "sha256": { "9": "00" } }""", "versions.sha256.9: there is no version 9.")]
    [InlineData("""{ "sha256": { "1": "00" } }""", "versions.sha256.1: this is no SHA-256. Write its 64 hexadecimal digits")]
    [InlineData("""{ "sha256": { "one": "00" } }""", "versions.sha256.one: 'one' is no version.")]
    public void Select_Fault_NamesKeyAndRemedy(string versions, string told) =>
        Assert.Contains(told, Assert.Throws<InferenceStartupException>(() => Select(versions)).Message, StringComparison.Ordinal);

    [Fact]
    public void Select_NoManifest_ServesAll()
    {
        var selected = SelectedVersions.Of(Stored(2, 10), section: null, faults: null);

        Assert.Equal(("2 10", 10, 0), (string.Join(" ", selected.Versions), selected.Default, selected.Labels.Count));
    }

    [Theory]
    [InlineData("""{ "maxBatchSize": 0 }""", "batching.maxBatchSize: 0 is out of range. Set 1 to 1000000 rows.")]
    [InlineData("""{ "maxQueueDelay": "00:00:02" }""", "batching.maxQueueDelay: 00:00:02 is out of range.")]
    [InlineData("""{ "maxQueueLength": 0 }""", "batching.maxQueueLength: 0 is out of range.")]
    public void Batching_OutOfRange_NamesKeyAndRemedy(string batching, string told)
    {
        var (manifest, faults) = Read($$"""{ "batching": {{batching}} }""");

        BatchingSection.ToOptions(manifest.Batching, maxQueueLength: 100, faults);

        Assert.Contains(told, Assert.Throws<InferenceStartupException>(faults.ThrowIfAny).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Batching_PartlyGiven_HasTheDefaultsForTheRest()
    {
        var (manifest, faults) = Read("""{ "batching": { "maxBatchSize": 8 } }""");

        var options = BatchingSection.ToOptions(manifest.Batching, maxQueueLength: 100, faults);

        Assert.Equal((8, TimeSpan.Zero, 100), (options.MaxBatchSize, options.MaxQueueDelay, options.MaxQueueLength));
    }

    private static SelectedVersions Select(string versions)
    {
        var (manifest, faults) = Read($$"""{ "versions": {{versions}} }""");
        var selected = SelectedVersions.Of(Stored(1, 2, 3, 4), manifest.Versions, faults);
        faults.ThrowIfAny();
        return selected;
    }

    private static (ModelManifest Manifest, ManifestFaults Faults) Read(string json) => ManifestReader.Read("model.json", Encoding.UTF8.GetBytes(json));

    private static StoredModel Stored(params int[] versions) =>
        new("m", "/models/m", "model.json", versions.ToDictionary(version => version, version => new StoredVersion(version.ToString(CultureInfo.InvariantCulture), "")));
}
