using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using OrleansInference.Grains.Models.Manifest;
using UnitTests.Architecture;

namespace UnitTests.Grains.Models.Manifest;

/// <summary>The published schema says what the reader takes: the same keys, the same ones required.</summary>
public sealed class ManifestSchemaTests
{
    private static readonly JsonElement Schema = JsonDocument.Parse(File.ReadAllText(SourceTree.File("models", "model.schema.json"))).RootElement;

    public static TheoryData<Type, string> Sections => new()
    {
        { typeof(ModelManifest), "" },
        { typeof(VersionsSection), "versions" },
        { typeof(CanarySection), "versions.canary" },
        { typeof(ShadowSection), "versions.shadow" },
        { typeof(BatchingSection), "batching" },
        { typeof(WarmUpSection), "warmUp.*" },
        { typeof(WarmUpInputSection), "warmUp.*.inputs.*" },
        { typeof(PredictSection), "predict" },
        { typeof(EventSection), "predict.event" },
        { typeof(RequestFieldSection), "predict.request.*" },
        { typeof(ResponseSection), "predict.response" },
        { typeof(PredictionSection), "predict.response.prediction" },
        { typeof(InfoSection), "predict.response.info" },
        { typeof(RuleSection), "predict.alerts.*" },
        { typeof(ConditionSection), "predict.workflows.*.when" },
        { typeof(EnsembleSection), "ensemble" },
        { typeof(EnsembleStepSection), "ensemble.steps.*" },
        { typeof(CacheSection), "cache" },
    };

    [Theory, MemberData(nameof(Sections), DisableDiscoveryEnumeration = true)]
    public void Schema_Section_HasTheKeysOfTheRecord(Type record, string path)
    {
        var section = Find(path);
        var properties = record.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.Name != "EqualityContract").ToArray();

        Assert.Equal(
            properties.Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name)).Order(),
            section.GetProperty("properties").EnumerateObject().Select(key => key.Name).Where(key => key != "$schema").Order());
        Assert.Equal(
            properties.Where(property => property.GetCustomAttribute<RequiredMemberAttribute>() is not null).Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name)).Order(),
            section.TryGetProperty("required", out var required) ? required.EnumerateArray().Select(key => key.GetString()!).Order() : []);
        Assert.False(section.GetProperty("additionalProperties").GetBoolean());
    }

    [Theory]
    [InlineData("fraud")]
    [InlineData("tutorial")]
    public void Read_ShippedManifest_IsAccepted(string model)
    {
        var file = SourceTree.File("models", model, "model.json");

        var (manifest, faults) = ManifestReader.Read(file, File.ReadAllBytes(file));

        faults.ThrowIfAny();
        Assert.NotNull(manifest.Predict);
    }

    private static JsonElement Find(string path)
    {
        var section = Schema;
        foreach (var step in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            section = Resolve(step == "*" ? Each(section) : section.GetProperty("properties").GetProperty(step));
        }

        return section;
    }

    private static JsonElement Each(JsonElement section) =>
        section.TryGetProperty("items", out var items) ? items : section.GetProperty("additionalProperties");

    private static JsonElement Resolve(JsonElement section) =>
        section.TryGetProperty("$ref", out var reference) ? Schema.GetProperty("$defs").GetProperty(reference.GetString()!["#/$defs/".Length..]) : section;
}
