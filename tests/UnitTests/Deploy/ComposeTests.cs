using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using UnitTests.Architecture;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace UnitTests.Deploy;

/// <summary><c>deploy/compose.yaml</c> against <c>compose.schema.json</c>, which holds the part of the specification that it uses.</summary>
public sealed class ComposeTests
{
    private static readonly JsonSchema Schema = JsonSchema.FromFile(SourceTree.File("tests", "UnitTests", "Deploy", "compose.schema.json"));

    private readonly JsonObject _compose = Read(File.ReadAllText(SourceTree.File("deploy", "compose.yaml")));

    [Fact]
    public void Compose_AgainstTheSchema_IsValid()
    {
        var result = Evaluate(_compose);

        Assert.True(result.IsValid, JsonSerializer.Serialize(result));
    }

    [Fact]
    public void Compose_AWordThatThereIsNot_IsInvalid() =>
        Assert.False(Evaluate(Read("services:\n  one:\n    image: x\n    enviroment: { A: b }\n")).IsValid);

    [Fact]
    public void Silos_Three_PublishNoPort()
    {
        var silos = Services.Where(service => service.Key.StartsWith("silo-", StringComparison.Ordinal)).ToArray();

        Assert.Equal(3, silos.Length);
        Assert.All(silos, silo => Assert.False(silo.Value!.AsObject().ContainsKey("ports")));
    }

    [Fact]
    public void Dependencies_All_AreServices() =>
        Assert.All(Services.SelectMany(service => service.Value!["depends_on"]?.AsObject() ?? []), dependency => Assert.True(Services.ContainsKey(dependency.Key), dependency.Key));

    [Fact]
    public void Secrets_All_ComeFromTheEnvironment()
    {
        Assert.StartsWith("${INFERENCE_API_KEY:?", Services["api"]!["environment"]!["Inference__Security__ApiKey"]!.ToString(), StringComparison.Ordinal);
        Assert.All(Services, service => Assert.DoesNotContain("Password=", (service.Value!["environment"]?["Inference__PostgreSql__ConnectionString"]?.ToString() ?? "").Replace("Password=${", "", StringComparison.Ordinal), StringComparison.Ordinal));
    }

    private JsonObject Services => _compose["services"]!.AsObject();

    private static EvaluationResults Evaluate(JsonObject compose) => Schema.Evaluate(JsonSerializer.SerializeToElement(compose), new EvaluationOptions { OutputFormat = OutputFormat.List });

    private static JsonObject Read(string yaml) => (JsonObject)ToJson(new DeserializerBuilder()
        .WithAttemptingUnquotedStringTypeDeserialization()
        .Build()
        .Deserialize(new MergingParser(new Parser(new StringReader(yaml)))))!;

    private static JsonNode? ToJson(object? value) => value switch
    {
        IDictionary<object, object> map => new JsonObject(map.Select(one => KeyValuePair.Create(one.Key.ToString()!, ToJson(one.Value)))),
        IList<object> list => new JsonArray([.. list.Select(ToJson)]),
        null => null,
        _ => JsonSerializer.SerializeToNode(value, value.GetType()),
    };
}
