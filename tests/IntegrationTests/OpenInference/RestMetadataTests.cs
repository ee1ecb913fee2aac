using System.Net;
using System.Text.Json;
using IntegrationTests.Infrastructure;

namespace IntegrationTests.OpenInference;

/// <summary>Assertions 4 to 7 and the extensions that tell of models: metadata, index, statistics, configuration.</summary>
public sealed class RestMetadataTests(OpenInferenceServer server)
{
    [Fact, Trait("assertion", "4")]
    public async Task Server_WithAndWithoutSlash_AreEqual()
    {
        var without = await server.Http.GetJsonAsync("/v2");
        var with = await server.Http.GetJsonAsync("/v2/");

        Assert.Equal(without.GetRawText(), with.GetRawText());
        Assert.Equal("OrleansInference", without.GetProperty("name").GetString());
        Assert.NotEmpty(without.GetProperty("version").GetString()!);
        Assert.Contains("binary_tensor_data", without.GetProperty("extensions").EnumerateArray().Select(extension => extension.GetString()));
    }

    [Fact, Trait("assertion", "5")]
    public async Task Model_Shape_UsesMinusOneAndHasTheBatch()
    {
        var model = await server.Http.GetJsonAsync("/v2/models/variable");

        var input = Assert.Single(model.GetProperty("inputs").EnumerateArray());
        Assert.Equal(("x", "FP32", "[-1,-1,-1]"), (input.GetProperty("name").GetString(), input.GetProperty("datatype").GetString(), input.GetProperty("shape").GetRawText()));
        Assert.Equal(("variable", "onnx_onnxv1"), (model.GetProperty("name").GetString(), model.GetProperty("platform").GetString()));
        Assert.Equal(["y", "total"], model.GetProperty("outputs").EnumerateArray().Select(output => output.GetProperty("name").GetString()));
    }

    [Theory, Trait("assertion", "5")]
    [InlineData("no-batch", "[3,2]")]
    [InlineData("vector", "[-1]")]
    [InlineData("scalar", "[]")]
    [InlineData("identity", "[-1,4]")]
    public async Task Model_ShapeOfEachKind_IsThatOfItsFile(string model, string shape) =>
        Assert.Equal(shape, (await server.Http.GetJsonAsync($"/v2/models/{model}")).GetProperty("inputs")[0].GetProperty("shape").GetRawText());

    [Theory, Trait("assertion", "6")]
    [InlineData("/v2/models/versioned")]
    [InlineData("/v2/models/versioned/versions/2")]
    public async Task Model_Versions_AreStrings(string path)
    {
        var versions = (await server.Http.GetJsonAsync(path)).GetProperty("versions");

        Assert.Equal("""["1","2","3"]""", versions.GetRawText().Replace(" ", "", StringComparison.Ordinal));
    }

    [Theory, Trait("assertion", "7")]
    [InlineData("/v2/models/nothing")]
    [InlineData("/v2/models/nothing/config")]
    [InlineData("/v2/models/nothing/stats")]
    [InlineData("/v2/models/nothing/versions/1/stats")]
    public async Task Model_Unknown_Answers404NamingIt(string path)
    {
        using var response = await server.Http.GetAsync(path, TestContext.Current.CancellationToken);

        Assert.Contains("'nothing'", await response.ReadErrorAsync(HttpStatusCode.NotFound), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Models_Asked_AreListedByName()
    {
        var models = (await server.Http.GetJsonAsync("/v2/models")).GetProperty("models").EnumerateArray().Select(model => model.GetString()).ToList();

        Assert.Contains("identity", models);
        Assert.Single(models, "versioned");
    }

    [Fact]
    public async Task Index_Asked_TellsEveryVersionsState()
    {
        var (_, index) = await server.Http.PostJsonAsync("/v2/repository/index", "");
        var (_, ready) = await server.Http.PostJsonAsync("/v2/repository/index", """{"ready": true}""");

        var versions = index.EnumerateArray().Where(entry => entry.GetProperty("name").GetString() is "versioned").ToList();
        Assert.Equal(["1", "2", "3"], versions.Select(entry => entry.GetProperty("version").GetString()));
        Assert.All(versions, entry => Assert.Equal(("READY", ""), (entry.GetProperty("state").GetString(), entry.GetProperty("reason").GetString())));
        Assert.All(ready.EnumerateArray(), entry => Assert.Equal("READY", entry.GetProperty("state").GetString()));
    }

    [Theory]
    [InlineData("/v2/repository/index", """{"ready": 1}""", "parameter 'ready' is 1; send true or false")]
    [InlineData("/v2/repository/index", "nope", "the body is not JSON")]
    [InlineData("/v2/repository/models/identity/load", """{"parameters": {"config": "{}"}}""", "parameter 'config' would change the model")]
    [InlineData("/v2/repository/models/identity/load", "5", "the body is 5; send an object, or nothing")]
    public async Task Repository_WrongBody_IsToldWithTheRemedy(string path, string body, string error)
    {
        using var content = new StringContent(body, mediaType: new("application/json"));
        using var response = await server.Http.PostAsync(path, content, TestContext.Current.CancellationToken);

        Assert.StartsWith(error, await response.ReadErrorAsync(HttpStatusCode.BadRequest), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("load")]
    [InlineData("unload")]
    public async Task Repository_UnknownModel_Answers404(string verb)
    {
        using var response = await server.Http.PostAsync($"/v2/repository/models/nothing/{verb}", null, TestContext.Current.CancellationToken);

        Assert.Contains("'nothing'", await response.ReadErrorAsync(HttpStatusCode.NotFound), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v2/models/versioned/versions/2/stats")]
    [InlineData("/v2/models/versioned/stats")]
    [InlineData("/v2/models/stats")]
    public async Task Statistics_AfterInference_CountIt(string path)
    {
        var before = await CountAsync(path);
        await server.Http.InferAsync("versioned", Rest.OneInput("FP32", "[3, 1]", "[1, 2, 3]"), version: "2");

        Assert.Equal(before + 3, await CountAsync(path));
    }

    [Theory]
    [InlineData("/v2/models/identity/config")]
    [InlineData("/v2/models/identity/versions/1/config")]
    public async Task Config_Asked_IsTheManifestInEffect(string path)
    {
        using var response = await server.Http.GetAsync(path, TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.OK, "application/json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Equal(JsonValueKind.Object, (await Json.ReadAsync(response)).ValueKind);
    }

    [Fact]
    public async Task OpenApi_Document_HasEveryAddressWithItsErrors()
    {
        var paths = (await server.Http.GetJsonAsync("/openapi/v1.json")).GetProperty("paths");

        var ours = paths.EnumerateObject().Where(path => path.Name.StartsWith("/v2", StringComparison.Ordinal)).ToList();
        Assert.Equal(18, ours.Count);
        Assert.All(ours.SelectMany(path => path.Value.EnumerateObject()), operation => Assert.NotEmpty(operation.Value.GetProperty("summary").GetString()!));
        var infer = paths.GetProperty("/v2/models/{model}/infer").GetProperty("post");
        Assert.Equal(["200", "400", "401", "404", "413", "415", "429", "500", "503", "504"], infer.GetProperty("responses").EnumerateObject().Select(response => response.Name).Order(StringComparer.Ordinal));
        Assert.Equal(["application/json", "application/octet-stream"], infer.GetProperty("requestBody").GetProperty("content").EnumerateObject().Select(content => content.Name));
    }

    private async Task<long> CountAsync(string path) => (await server.Http.GetJsonAsync(path)).GetProperty("model_stats").EnumerateArray()
        .Where(version => version.GetProperty("name").GetString() is "versioned" && version.GetProperty("version").GetString() is "2")
        .Sum(version => version.GetProperty("inference_count").GetInt64());
}
