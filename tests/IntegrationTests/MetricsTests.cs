using System.Net;
using System.Text.RegularExpressions;
using IntegrationTests.Infrastructure;
using OrleansInference.Grains;

namespace IntegrationTests;

/// <summary>What a Prometheus reads, over HTTP.</summary>
public sealed class MetricsTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Get_AfterPredictions_ShowsThemByModelAndNoUser()
    {
        await using var server = await InProcessServer.StartPatientDemoAsync();
        const string User = "metrics-user-7c1d";
        for (var i = 0; i < 3; i++) await server.Http.PostJsonAsync("/predict", $$"""{"user_id": "{{User}}", "raw_feature": "3156", "amount": 20}""");
        await server.Http.GetJsonAsync($"/v1/users/{User}");

        var text = await ReadAsync(server.Http, "/metrics");

        // Other tests' servers in this process record in the same meters.
        Assert.InRange(Value(text, """inference_request_duration_seconds_count{[^}]*model_name="fraud",outcome="ok"}"""), 3, double.MaxValue);
        Assert.InRange(Value(text, """inference_request_duration_seconds_bucket{[^}]*model_name="fraud",outcome="ok",le="30"}"""), 3, double.MaxValue);
        Assert.InRange(Value(text, """inference_compute_duration_seconds_count{[^}]*model_name="fraud",model_version="\d+",stage="infer"}"""), 1, double.MaxValue);
        // What the pods are counted by.
        Assert.InRange(Value(text, """inference_queue_length{[^}]*model_name="fraud",model_version="\d+"}"""), 0, double.MaxValue);
        Assert.InRange(Value(text, """orleans_grains{[^}]*type="user"[^}]*}"""), 1, double.MaxValue);
        Assert.InRange(Value(text, """http_server_request_duration_seconds_count{[^}]*http_route="/predict"[^}]*}"""), 3, double.MaxValue);
        Assert.InRange(Value(text, """dotnet_gc_collections_total{[^}]*gc_heap_generation="gen0"}"""), 0, double.MaxValue);
        Assert.DoesNotContain("orleans_directory", text, StringComparison.Ordinal);
        Assert.DoesNotContain(User, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_WithAnApiKey_IsAskedForItAndTheOwnPortIsNot()
    {
        var port = FreePort.Find();
        await using var server = await InProcessServer.StartPatientDemoAsync("Inference:Security:ApiKey=open sesame", $"Inference:Metrics:Port={port}");
        using var own = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

        using var refused = await server.Http.GetAsync("/metrics", TestContext.Current.CancellationToken);
        var text = await ReadAsync(own, "/metrics");
        using var other = await own.GetAsync("/v1/users/42", TestContext.Current.CancellationToken);
        using var foreign = await own.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/metrics") { Headers = { Host = "evil.example" } }, TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.NotFound, HttpStatusCode.NotFound), (refused.StatusCode, other.StatusCode, foreign.StatusCode));
        Assert.Contains("inference_models_loaded", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_OfASiloWithoutRest_IsAnswered()
    {
        var port = FreePort.Find();
        var models = _directory.CopyModels(Repository.TestModels, "identity");
        await using var silo = await ServerProcess.StartSiloAsync($"--Inference:DataDirectory={_directory.File("data")}", $"--Inference:ModelRepository:Path={models}", $"--Inference:Metrics:Port={port}");
        using var own = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

        var text = await ReadAsync(own, "/metrics");

        Assert.Equal(1, Value(text, "inference_models_loaded{[^}]*}"));
        Assert.Equal(0, Value(text, """inference_queue_length{[^}]*model_name="identity",model_version="1"}"""));
        Assert.Equal(0, await silo.StopAsync());
    }

    [Fact]
    public async Task Health_OfASiloWithoutRest_IsAnswered()
    {
        var port = FreePort.Find();
        var models = _directory.CopyModels(Repository.TestModels, "identity");
        await using var silo = await ServerProcess.StartSiloAsync($"--Inference:DataDirectory={_directory.File("data")}", $"--Inference:ModelRepository:Path={models}", $"--Inference:Metrics:Port={port}");
        using var own = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

        Assert.Equal(("OK\n", "OK\n"), (await ReadAsync(own, "/health/live"), await ReadAsync(own, "/health/ready")));
        Assert.Equal(0, await silo.StopAsync());
    }

    [Theory]
    [InlineData("Inference:Metrics:ListenAddress=0.0.0.0", "say Inference:Metrics:AllowOtherAddresses=true")]
    [InlineData("Inference:Metrics:ListenAddress=here", "Inference:Metrics:ListenAddress is 'here', which is no IP address.")]
    [InlineData("Inference:Metrics:Port=70000", "Inference:Metrics:Port is 70000, which is no port.")]
    public async Task Start_WithAPortThatCannotBe_SaysWhatToSet(string setting, string expected)
    {
        var fault = await Assert.ThrowsAsync<InferenceStartupException>(() => InProcessServer.StartPatientDemoAsync($"Inference:Metrics:Port={FreePort.Find()}", setting));

        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    private static async Task<string> ReadAsync(HttpClient http, string path)
    {
        using var response = await http.GetAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.OK, "text/plain"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static double Value(string text, string series) =>
        Regex.Match(text, $@"^{series} (\S+)", RegexOptions.Multiline) is { Success: true } line
            ? double.Parse(line.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"There is no {series} in:\n{text}");
}
