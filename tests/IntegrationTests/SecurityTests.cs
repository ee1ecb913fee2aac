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

    private static async Task<HttpResponseMessage> PredictAsync(InProcessServer server, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/predict")
        {
            Content = new StringContent("""{"user_id": 42, "raw_feature": "3156"}""", mediaType: new("application/json")),
        };
        if (key is not null) request.Headers.Add("X-Api-Key", key);
        return await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static async Task<HttpResponseMessage> GetAsync(InProcessServer server, string path, string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Host = host;
        return await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
