using System.Net;
using IntegrationTests.Infrastructure;
using OrleansInference.Api;
using OrleansInference.Grains;

namespace IntegrationTests;

/// <summary>Safe unless something else is set explicitly.</summary>
public sealed class SecurityTests(DemoServer demo)
{
    [Theory]
    [InlineData("/predict")]
    [InlineData("/v1/users/42")]
    [InlineData("/docs/")]
    [InlineData("/health/live")]
    public async Task AnyPath_ForeignHostName_IsRefused(string path)
    {
        using var response = await GetAsync(demo.Server, path, host: "evil.example");

        var problem = await Problem.ReadAsync(response);
        Assert.Equal((HttpStatusCode.BadRequest, "InvalidInput"), (problem.Status, problem.Code));
        Assert.StartsWith("The host name 'evil.example' is not answered here; localhost, 127.0.0.1, [::1] are.", problem.Detail, StringComparison.Ordinal);
        Assert.Contains("Inference:Security:ApiKey", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("localhost:9999")]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]:9999")]
    public async Task AnyPath_LocalHostName_IsAnswered(string host)
    {
        using var response = await GetAsync(demo.Server, "/health/live", host);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "http://localhost.evil.example:8080")]
    [InlineData("Origin", "null")]
    public async Task Change_OfAForeignPage_IsRefusedAndDoesNothing(string header, string value)
    {
        using var response = await SendAsync(demo.Server, HttpMethod.Post, "/v2/repository/models/fraud/unload", (header, value));
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        using var predicted = await SendAsync(demo.Server, HttpMethod.Post, "/predict", (header, value));
        var problem = await Problem.ReadAsync(predicted);

        Assert.Equal((HttpStatusCode.Forbidden, "Forbidden"), (problem.Status, problem.Code));
        Assert.StartsWith($"The header {header} is '{value}'", problem.Detail, StringComparison.Ordinal);
        Assert.Contains("Inference:Security:ApiKey", problem.Detail, StringComparison.Ordinal);
        Assert.True((await demo.Server.Http.GetJsonAsync("/v2/models/fraud/ready")).GetProperty("ready").GetBoolean());
    }

    [Theory]
    [InlineData("GET", "/v1/users/42", "no-cors")]
    [InlineData("POST", "/predict", "navigate")]
    public async Task Request_OfAForeignPageButNoLinkFollowed_IsRefused(string method, string path, string mode)
    {
        using var response = await SendAsync(demo.Server, new HttpMethod(method), path, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", mode));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task Docs_LinkOfAnotherSiteFollowed_IsAnswered()
    {
        using var response = await SendAsync(demo.Server, HttpMethod.Get, "/docs/", ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("same-origin", "http://127.0.0.1:8080")]
    [InlineData("same-origin", "http://localhost:8080")]
    [InlineData("none", "http://[::1]:8080")]
    public async Task Predict_OfItsOwnPage_IsAnswered(string site, string origin)
    {
        using var response = await PredictAsync(demo.Server, key: null, ("Sec-Fetch-Site", site), ("Origin", origin));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Predict_OfAForeignPageWithTheKey_IsAnswered()
    {
        await using var server = await InProcessServer.StartPatientDemoAsync("Inference:Security:ApiKey=open sesame");

        using var response = await PredictAsync(server, "open sesame", ("Sec-Fetch-Site", "cross-site"), ("Origin", "https://shop.example"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task ApiKey_Configured_IsAskedOfEveryCallButHealth()
    {
        await using var server = await InProcessServer.StartPatientDemoAsync("Inference:Security:ApiKey=open sesame");

        await AssertUnauthenticatedAsync(server, key: null);
        await AssertUnauthenticatedAsync(server, key: "");
        await AssertUnauthenticatedAsync(server, key: "open");
        await AssertUnauthenticatedAsync(server, key: "Open sesame");
        Assert.Equal(0, server.Log.CountPredictions());

        using var predicted = await PredictAsync(server, key: "open sesame");
        Assert.Equal(HttpStatusCode.OK, predicted.StatusCode);
        foreach (var path in new[] { "/v1/users/42", "/openapi/v1.json", "/docs/", "/nothing" })
        {
            using var refused = await server.Http.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal((path, HttpStatusCode.Unauthorized), (path, refused.StatusCode));
        }

        foreach (var path in new[] { "/health/live", "/health/ready" })
        {
            using var health = await server.Http.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal((path, HttpStatusCode.OK), (path, health.StatusCode));
        }
    }

    [Fact]
    public async Task Start_OpenAddressWithoutLeave_IsRefused()
    {
        using var directory = new TestDirectory();

        var fault = await Assert.ThrowsAsync<InferenceStartupException>(
            () => ApiHost.BuildAsync(["--urls=http://0.0.0.0:0", $"--Inference:DataDirectory={directory.File("data")}"]));

        Assert.Contains("http://0.0.0.0:0", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Inference:Security:ApiKey", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Inference:Security:AllowAnonymous=true", fault.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(directory.File("data")), "A refused start has taken the data directory.");
    }

    private static async Task AssertUnauthenticatedAsync(InProcessServer server, string? key)
    {
        using var response = await PredictAsync(server, key);

        var problem = await Problem.ReadAsync(response);
        Assert.Equal((HttpStatusCode.Unauthorized, "Unauthenticated"), (problem.Status, problem.Code));
        Assert.Equal("This service asks for its API key. Send it in the header X-Api-Key.", problem.Detail);
        Assert.Equal("ApiKey", Assert.Single(response.Headers.WwwAuthenticate).Scheme);
    }

    private static async Task<HttpResponseMessage> SendAsync(InProcessServer server, HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        return await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static async Task<HttpResponseMessage> PredictAsync(InProcessServer server, string? key, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/predict")
        {
            Content = new StringContent("""{"user_id": 42, "raw_feature": "3156"}""", mediaType: new("application/json")),
        };
        if (key is not null) request.Headers.Add("X-Api-Key", key);
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        return await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static async Task<HttpResponseMessage> GetAsync(InProcessServer server, string path, string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Host = host;
        return await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
