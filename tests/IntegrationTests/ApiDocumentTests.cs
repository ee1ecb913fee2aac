using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using IntegrationTests.Infrastructure;

namespace IntegrationTests;

/// <summary>The OpenAPI document and its page, which must work without a network.</summary>
public sealed partial class ApiDocumentTests(DemoServer demo)
{
    private static readonly string[] DocumentedStatuses = ["200", "400", "401", "404", "409", "413", "415", "422", "429", "500", "503", "504"];

    [Theory]
    [InlineData("/predict")]
    [InlineData("/v1/models/{model}/predict")]
    public async Task OpenApi_PredictPath_DocumentsEveryStatus(string path)
    {
        var operation = (await ReadDocumentAsync()).GetProperty("paths").GetProperty(path).GetProperty("post");

        var responses = operation.GetProperty("responses");
        Assert.Equal(DocumentedStatuses, responses.EnumerateObject().Select(response => response.Name).Order(StringComparer.Ordinal));
        Assert.All(responses.EnumerateObject(), response =>
        {
            var content = Assert.Single(response.Value.GetProperty("content").EnumerateObject());
            Assert.Equal(response.Name is "200" ? "application/json" : "application/problem+json", content.Name);
        });
    }

    [Fact]
    public async Task OpenApi_Operations_HaveNamesOfTheirOwn()
    {
        var names = (await ReadDocumentAsync()).GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject())
            .Select(operation => operation.Value.GetProperty("operationId").GetString()!)
            .ToList();

        Assert.Contains("Live", names);
        Assert.Equal(names.Distinct(), names);
    }

    [Fact]
    public async Task OpenApi_PredictBody_HasTheExample()
    {
        var body = await ReadSchemaAsync("PredictBody");

        var example = Assert.Single(body.GetProperty("examples").EnumerateArray());
        Assert.Equal(42, example.GetProperty("user_id").GetInt32());
        Assert.Equal("3156", example.GetProperty("raw_feature").GetString());
    }

    [Theory]
    [InlineData("PredictBody", "user_id", "integer", "string")]
    [InlineData("PredictBody", "raw_feature", "null", "string")]
    [InlineData("PredictBody", "amount", "null", "number")]
    [InlineData("PredictBody", "at", "null", "number", "string")]
    [InlineData("PredictionBody", "prediction", "number")]
    [InlineData("PredictionBody", "degraded", "boolean")]
    [InlineData("ProblemBody", "status", "integer")]
    [InlineData("ProblemBody", "code", "string")]
    [InlineData("ProblemBody", "errors", "array", "null")]
    public async Task OpenApi_Property_HasItsTypes(string schema, string property, params string[] types)
    {
        var type = (await ReadSchemaAsync(schema)).GetProperty("properties").GetProperty(property).GetProperty("type");

        IEnumerable<JsonElement> names = type.ValueKind is JsonValueKind.Array ? type.EnumerateArray() : [type];
        Assert.Equal(types, names.Select(name => name.GetString()!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task OpenApi_Answers_HoldTheDocumentedProperties()
    {
        var (_, prediction) = await demo.Server.Http.PostJsonAsync("/predict?details=true", """{"user_id": 42, "raw_feature": "3156"}""");
        var (_, problem) = await demo.Server.Http.PostJsonAsync("/predict", "{}");

        Assert.Equal(await ReadPropertiesAsync("PredictionBody"), Properties(prediction));
        Assert.Equal(await ReadPropertiesAsync("ProblemBody"), Properties(problem));
    }

    [Fact]
    public async Task Root_Asked_LeadsToTheDocumentation()
    {
        using var response = await demo.Server.Http.GetAsync("/", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("/docs/", response.RequestMessage!.RequestUri!.AbsolutePath);
        Assert.Equal("text/html", response.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task Docs_Page_RefersToThisServerOnly()
    {
        var page = await demo.Server.Http.GetStringAsync("/docs/", TestContext.Current.CancellationToken);

        // Everything quoted that has a host, be it in an attribute, in the script or in its configuration.
        Assert.Empty(ForeignUrl().Matches(page).Select(match => match.Value));

        var references = Reference().Matches(page).Select(match => match.Groups[1].Value).Distinct().ToList();
        Assert.Contains("scalar.js", references);
        Assert.Contains("openapi/v1.json", references);
        foreach (var reference in references)
        {
            // The page's script counts the document's address from the page's parent.
            var path = reference.StartsWith("openapi", StringComparison.Ordinal) ? $"/{reference}" : $"/docs/{reference}";
            using var response = await demo.Server.Http.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal((reference, HttpStatusCode.OK), (reference, response.StatusCode));
        }
    }

    [Theory]
    [InlineData("telemetry", "false")]
    [InlineData("agent.disabled", "true")]
    [InlineData("mcp.disabled", "true")]
    [InlineData("hideClientButton", "true")]
    [InlineData("showDeveloperTools", "\"never\"")]
    public async Task Docs_ServicesOfOthers_AreOff(string setting, string expected)
    {
        var page = await demo.Server.Http.GetStringAsync("/docs/", TestContext.Current.CancellationToken);

        var value = JsonDocument.Parse(Configuration().Match(page).Value).RootElement;
        foreach (var name in setting.Split('.')) value = value.GetProperty(name);
        Assert.Equal(expected, value.GetRawText());
    }

    private Task<JsonElement> ReadDocumentAsync() => demo.Server.Http.GetJsonAsync("/openapi/v1.json");

    private async Task<JsonElement> ReadSchemaAsync(string name) =>
        (await ReadDocumentAsync()).GetProperty("components").GetProperty("schemas").GetProperty(name);

    private async Task<IEnumerable<string>> ReadPropertiesAsync(string schema) => Properties((await ReadSchemaAsync(schema)).GetProperty("properties"));

    private static IEnumerable<string> Properties(JsonElement element) => element.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal);

    [GeneratedRegex("""["'(](https?:)?//[^"')]*""")]
    private static partial Regex ForeignUrl();

    [GeneratedRegex("""(?:(?:src|href)=|from |"(?:url|favicon)":)["']([^"']+)["']""")]
    private static partial Regex Reference();

    [GeneratedRegex("""\{"[^\n]*\}""")]
    private static partial Regex Configuration();
}
