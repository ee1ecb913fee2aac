using System.Net;
using System.Text;
using IntegrationTests.Infrastructure;

namespace IntegrationTests.OpenInference;

/// <summary>Assertions 22 to 46: requests that are refused with what was wrong, what came and the remedy; the server lives on.</summary>
public sealed class RestFaultTests(OpenInferenceServer server)
{
    [Theory]
    [Trait("assertion", "22")]
    [InlineData("nope", "the body is not JSON")]
    [InlineData("", "the body is empty; send JSON such as")]
    [InlineData("\u00ff", "the body is not JSON")]
    [InlineData("""{"inputs": [}""", "the body is not JSON")]
    public Task Infer_NotJson_IsRefused(string body, string error) => AssertRefusedAsync("identity", body, error);

    [Theory]
    [Trait("assertion", "23")]
    [InlineData("{}", "the body has no inputs; send them as in")]
    [InlineData("""{"inputs": null}""", "inputs is null; send an array of objects")]
    public Task Infer_NoInputs_IsRefused(string body, string error) => AssertRefusedAsync("identity", body, error);

    [Fact, Trait("assertion", "24")]
    public async Task Infer_MissingInputs_AreNamed()
    {
        var error = await RefuseAsync("several", Rest.OneInput("FP32", "[1, 2]", "[1, 2]", name: "amounts"));

        Assert.Contains("counts", error, StringComparison.Ordinal);
        Assert.Contains("flags", error, StringComparison.Ordinal);
        Assert.Contains("names", error, StringComparison.Ordinal);
    }

    [Fact, Trait("assertion", "25")]
    public async Task Infer_UnexpectedInput_IsNamedBesideTheModels()
    {
        var error = await RefuseAsync("identity", """{"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}, {"name": "stranger", "shape": [1], "datatype": "FP32", "data": [1]}]}""");

        Assert.Contains("stranger", error, StringComparison.Ordinal);
        Assert.Contains("x", error, StringComparison.Ordinal);
    }

    [Fact, Trait("assertion", "26")]
    public async Task Infer_InputTwice_IsNamed()
    {
        const string input = """{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}""";

        Assert.Contains("x", await RefuseAsync("identity", $$"""{"inputs": [{{input}}, {{input}}]}"""), StringComparison.Ordinal);
    }

    [Fact, Trait("assertion", "27")]
    public async Task Infer_OutputTwice_IsNamed() =>
        Assert.Contains("y", await RefuseAsync("identity", $$"""{{Rest.Good[..^1]}}, "outputs": [{"name": "y"}, {"name": "y"}]}"""), StringComparison.Ordinal);

    [Fact, Trait("assertion", "28")]
    public async Task Infer_UnknownOutput_IsNamedBesideTheModels()
    {
        var error = await RefuseAsync("identity", $$"""{{Rest.Good[..^1]}}, "outputs": [{"name": "stranger"}]}""");

        Assert.Contains("stranger", error, StringComparison.Ordinal);
        Assert.Contains("y", error, StringComparison.Ordinal);
    }

    [Fact, Trait("assertion", "29")]
    public async Task Infer_WrongDatatype_NamesTheRightOne()
    {
        var error = await RefuseAsync("identity", Rest.OneInput("INT32", "[1, 4]", "[1, 2, 3, 4]"));

        Assert.Contains("FP32", error, StringComparison.Ordinal);
        Assert.Contains("x", error, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("assertion", "30")]
    [InlineData("[4]")]
    [InlineData("[1, 1, 4]")]
    public async Task Infer_WrongRank_NamesTheShape(string shape) =>
        Assert.Contains("[-1, 4]", await RefuseAsync("identity", Rest.OneInput("FP32", shape, "[1, 2, 3, 4]")), StringComparison.Ordinal);

    [Fact, Trait("assertion", "31")]
    public async Task Infer_WrongDimension_NamesTheShape() =>
        Assert.Contains("[-1, 4]", await RefuseAsync("identity", Rest.OneInput("FP32", "[2, 2]", "[1, 2, 3, 4]")), StringComparison.Ordinal);

    [Theory]
    [Trait("assertion", "32")]
    [InlineData("[1, 2, 3]", "data of input 'x' holds 3 elements, but shape [1, 4] takes 4")]
    [InlineData("[1, 2, 3, 4, 5]", "data of input 'x' holds 5 elements, but shape [1, 4] takes 4")]
    public Task Infer_OtherCountThanTheShape_IsRefused(string data, string error) => AssertRefusedAsync("identity", Rest.OneInput("FP32", "[1, 4]", data), error);

    [Fact, Trait("assertion", "33")]
    public Task Infer_NegativeDimension_IsRefused() =>
        AssertRefusedAsync("identity", Rest.OneInput("FP32", "[-1, 4]", "[1, 2, 3, 4]"), "input 'x' has the dimension -1 in its shape [-1, 4]; send the real size");

    [Theory]
    [Trait("assertion", "34")]
    [InlineData("[4611686018427387904, 4]")]
    [InlineData("[4294967296, 4294967296]")]
    [InlineData("[9223372036854775807, 9223372036854775807, 9223372036854775807]")]
    public Task Infer_ShapeBeyondAnyMemory_IsRefused(string shape) => AssertRefusedAsync("identity", Rest.OneInput("FP32", shape, "[1, 2, 3, 4]"), "input 'x' has the shape [");

    [Theory]
    [Trait("assertion", "35")]
    [InlineData("[[1, 2, 3], [4]]", "data of input 'x' is ragged")]
    [InlineData("[[1, 2], 3, 4]", "data of input 'x' is ragged")]
    [InlineData("[1, [2, 3], 4]", "data of input 'x' mixes elements and arrays")]
    public Task Infer_RaggedNesting_IsRefused(string data, string error) => AssertRefusedAsync("identity", Rest.OneInput("FP32", "[2, 2]", data), error);

    [Fact, Trait("assertion", "36")]
    public Task Infer_NumberOutOfRange_IsRefused() =>
        AssertRefusedAsync("identity-uint8", Rest.OneInput("UINT8", "[1, 3]", "[1, 300, 2]"), "input 'x', element 1, is 300, which UINT8 cannot hold; send 0 to 255");

    [Fact, Trait("assertion", "37")]
    public Task Infer_StringForANumber_IsRefused() =>
        AssertRefusedAsync("identity", Rest.OneInput("FP32", "[1, 4]", "[1, \"2\", 3, 4]"), "input 'x', element 1, is the string '2', but FP32 takes numbers");

    [Fact, Trait("assertion", "38")]
    public Task Infer_FractionForAWholeNumber_IsRefused() =>
        AssertRefusedAsync("identity-int32", Rest.OneInput("INT32", "[1, 2]", "[1, 1.5]"), "input 'x', element 1, is 1.5, which is no whole number");

    [Theory]
    [Trait("assertion", "39")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    public Task Infer_NaNToken_IsRefused(string token) => AssertRefusedAsync("identity", Rest.OneInput("FP32", "[1, 4]", $"[1, {token}, 3, 4]"), "the body is not JSON");

    [Theory]
    [Trait("assertion", "40")]
    [InlineData("", "the body is an array")]
    [InlineData("""{"a": """, "the body is not JSON: The maximum configured depth of 64 has been exceeded")]
    [InlineData("""{"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": """, "data of input 'x' is nested more than 2 deep")]
    public Task Infer_TenThousandDeep_IsRefused(string begin, string error) => AssertRefusedAsync("identity", begin + new string('[', 10_000), error);

    [Theory]
    [Trait("assertion", "41")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Infer_BodyOverTheLimit_Answers413NamingTheSetting(bool chunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Rest.InferPath("identity")) { Content = new ByteArrayContent(new byte[OpenInferenceServer.MaxBodyBytes + 1]) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TransferEncodingChunked = chunked;

        // A body that says its length is refused before it comes: a client that sends it all the same may find the connection closed first.
        request.Headers.ExpectContinue = !chunked;

        using var response = await SendAsync(request);

        var error = await response.ReadErrorAsync(HttpStatusCode.RequestEntityTooLarge);
        Assert.StartsWith($"The body is larger than {OpenInferenceServer.MaxBodyBytes} bytes (Inference:OpenInference:MaxBodyBytes)", error, StringComparison.Ordinal);
        await server.Http.AssertLivesAsync();
    }

    [Fact, Trait("assertion", "41")]
    public async Task Infer_BodyOfTheLimit_IsAnswered()
    {
        var body = Rest.Good.PadRight(OpenInferenceServer.MaxBodyBytes);

        Assert.Equal(["1", "2", "3", "4"], (await server.Http.InferAsync("identity", body)).Data());
    }

    [Fact, Trait("assertion", "42")]
    public async Task Infer_ChunkedBody_IsAnswered()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Rest.InferPath("identity")) { Content = new StringContent(Rest.Good, Encoding.UTF8, "application/json") };
        request.Headers.TransferEncodingChunked = true;

        using var response = await SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [Trait("assertion", "43")]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Infer_CompressedBody_Answers415(string encoding)
    {
        using var response = await SendEncodedAsync(encoding);

        Assert.Equal($"The body's Content-Encoding is '{encoding}'. Send it as it is (identity).", await response.ReadErrorAsync(HttpStatusCode.UnsupportedMediaType));
        await server.Http.AssertLivesAsync();
    }

    [Fact, Trait("assertion", "43")]
    public async Task Infer_IdentityEncoding_IsAnswered()
    {
        using var response = await SendEncodedAsync("identity");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [Trait("assertion", "44")]
    [InlineData("9")]
    [InlineData("-1")]
    [InlineData("nothing")]
    [InlineData("99999999999999999999")]
    public async Task Infer_UnknownVersion_Answers404NamingIt(string version)
    {
        using var content = new StringContent(Rest.Good, Encoding.UTF8, "application/json");
        using var response = await server.Http.PostAsync(Rest.InferPath("identity", version), content, TestContext.Current.CancellationToken);

        Assert.Contains($"'{version}'", await response.ReadErrorAsync(HttpStatusCode.NotFound), StringComparison.Ordinal);
        await server.Http.AssertLivesAsync();
    }

    [Theory]
    [Trait("assertion", "45")]
    [InlineData("/v2/models/../etc/infer")]
    [InlineData("/v2/models/..%2Fetc/infer")]
    [InlineData("/v2/models/%2e%2e%2fetc/infer")]
    [InlineData("/v2/models/..%5Cetc/infer")]
    [InlineData("/v2/models//infer")]
    [InlineData("/v2/models/%20/infer")]
    [InlineData("/v2/models/identity%00/infer")]
    [InlineData("/v2/models/identity/versions/../../1/infer")]
    [InlineData("/v2/models/identity/versions/..%2F1/infer")]
    [InlineData("/v2/models/identity/versions/%20/infer")]
    public async Task Infer_NameThatIsNone_IsRefused(string path)
    {
        var uri = new Uri($"{server.Http.BaseAddress!.GetLeftPart(UriPartial.Authority)}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = new StringContent(Rest.Good, Encoding.UTF8, "application/json") };

        using var response = await SendAsync(request);

        // What no path may hold never reaches the protocol.
        if (response.StatusCode is not HttpStatusCode.BadRequest) await response.ReadErrorAsync(HttpStatusCode.NotFound);
        await server.Http.AssertLivesAsync();
    }

    [Theory]
    [Trait("assertion", "46")]
    [InlineData("GET", "/v2/models/identity/infer", "POST")]
    [InlineData("DELETE", "/v2/models/identity", "GET")]
    [InlineData("POST", "/v2/health/live", "GET, HEAD")]
    [InlineData("GET", "/v2/repository/index", "POST")]
    public async Task AnyPath_OtherMethod_Answers405NamingTheRightOne(string method, string path, string right)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        using var response = await SendAsync(request);

        Assert.Equal($"{path} does not take {method}. Send {right}.", await response.ReadErrorAsync(HttpStatusCode.MethodNotAllowed));
        Assert.Equal(right.Split(", "), response.Content.Headers.Allow);
    }

    [Theory]
    [InlineData("\"timeout\": 20000", null)]
    [InlineData("\"timeout\": 60000000", "20")]
    [InlineData("\"timeout\": 0", "20")]
    public async Task Infer_TimeIsUp_Answers504(string parameter, string? header)
    {
        // One and a half seconds of work.
        var body = $$"""{"parameters": { {{parameter}} }, "inputs": [{"name": "x", "shape": [1, 1], "datatype": "FP32", "data": [1]}, {"name": "iterations", "shape": [1, 1], "datatype": "FP32", "data": [1500]}]}""";
        using var request = new HttpRequestMessage(HttpMethod.Post, Rest.InferPath("slow")) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (header is not null) request.Headers.Add("X-Request-Timeout-Ms", header);

        using var response = await SendAsync(request);

        Assert.Contains("20 ms", await response.ReadErrorAsync(HttpStatusCode.GatewayTimeout), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("soon")]
    public async Task Infer_TimeThatIsNone_IsRefused(string header)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Rest.InferPath("identity")) { Content = new StringContent(Rest.Good, Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Request-Timeout-Ms", header);

        using var response = await SendAsync(request);

        Assert.Equal($"header X-Request-Timeout-Ms is '{header}'; send whole milliseconds, or 0 for none", await response.ReadErrorAsync(HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task AnyPath_NothingThere_Answers404InTheProtocolsWords()
    {
        using var response = await server.Http.GetAsync("/v2/nothing", TestContext.Current.CancellationToken);

        Assert.Equal("There is nothing at /v2/nothing. See /docs.", await response.ReadErrorAsync(HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task AnyPath_ForeignHostName_IsRefusedInTheProtocolsWords()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v2");
        request.Headers.Host = "evil.example";

        using var response = await SendAsync(request);

        Assert.StartsWith("The host name 'evil.example' is not answered here", await response.ReadErrorAsync(HttpStatusCode.BadRequest), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnyPath_NoApiKey_IsRefusedInTheProtocolsWordsButForHealth()
    {
        var directory = new TestDirectory();
        var models = directory.CopyModels(Repository.TestModels, "identity");
        await using var own = await InProcessServer.StartAsync(directory, [$"Inference:ModelRepository:Path={models}", "Inference:Security:ApiKey=open sesame"]);

        using var refused = await own.Http.GetAsync("/v2/models/identity", TestContext.Current.CancellationToken);
        using var health = await own.Http.GetAsync("/v2/health/ready", TestContext.Current.CancellationToken);

        Assert.Equal("This service asks for its API key. Send it in the header X-Api-Key.", await refused.ReadErrorAsync(HttpStatusCode.Unauthorized));
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    private async Task AssertRefusedAsync(string model, string body, string error) => Assert.StartsWith(error, await RefuseAsync(model, body), StringComparison.Ordinal);

    private async Task<string> RefuseAsync(string model, string body)
    {
        var error = await server.Http.RefuseAsync(model, body);
        await server.Http.AssertLivesAsync();
        return error;
    }

    private Task<HttpResponseMessage> SendEncodedAsync(string encoding)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Rest.InferPath("identity")) { Content = new StringContent(Rest.Good, Encoding.UTF8, "application/json") };
        request.Content.Headers.ContentEncoding.Add(encoding);
        return SendAsync(request);
    }

    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => server.Http.SendAsync(request, TestContext.Current.CancellationToken);
}
