using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;

namespace IntegrationTests.OpenInference;

/// <summary>Assertions 47 to 53: tensors as bytes.</summary>
public sealed class RestBinaryTests(OpenInferenceServer server)
{
    private const string FourFloats = """{"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "parameters": {"binary_data_size": 16}}]}""";

    private static readonly byte[] Floats = MemoryMarshal.AsBytes<float>([1, 2, 3, 4]).ToArray();

    [Fact, Trait("assertion", "47")]
    public async Task Infer_BinaryRequest_IsAnsweredInJson()
    {
        using var request = Rest.Binary("identity", FourFloats, Floats);

        using var response = await SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["1", "2", "3", "4"], (await Infrastructure.Json.ReadAsync(response)).Data());
    }

    [Theory, Trait("assertion", "48")]
    [InlineData("""{"binary_data_output": true}""", "{}")]
    [InlineData("{}", """{"binary_data": true}""")]
    [InlineData("""{"binary_data_output": false}""", """{"binary_data": true}""")]
    public async Task Infer_BinaryResponseAskedFor_BringsBytes(string parameters, string outputParameters)
    {
        using var request = Json($$"""{{Rest.Good[..^1]}}, "parameters": {{parameters}}, "outputs": [{"name": "y", "parameters": {{outputParameters}}}]}""");

        using var response = await SendAsync(request);

        var (json, tail) = await response.ReadBinaryAsync();
        Assert.Equal(Floats, tail);
        Assert.Equal(16, json.GetProperty("outputs")[0].GetProperty("parameters").GetProperty("binary_data_size").GetInt64());
        Assert.False(json.GetProperty("outputs")[0].TryGetProperty("data", out _));
    }

    [Fact, Trait("assertion", "48")]
    public async Task Infer_OutputSaysJson_OverridesTheRequest()
    {
        var answer = await server.Http.InferAsync("identity", $$"""{{Rest.Good[..^1]}}, "parameters": {"binary_data_output": true}, "outputs": [{"name": "y", "parameters": {"binary_data": false} }]}""");

        Assert.Equal(["1", "2", "3", "4"], answer.Data());
    }

    [Fact, Trait("assertion", "49")]
    public async Task Infer_JsonAndBinaryMixed_AreTakenAndGiven()
    {
        using var request = Rest.Binary(
            "several",
            """
            {"inputs": [{"name": "amounts", "shape": [1, 2], "datatype": "FP32", "parameters": {"binary_data_size": 8}},
                        {"name": "counts", "shape": [1, 3], "datatype": "INT64", "data": [1, 2, 3]},
                        {"name": "names", "shape": [1, 1], "datatype": "BYTES", "parameters": {"binary_data_size": 5}},
                        {"name": "flags", "shape": [1, 1], "datatype": "BOOL", "data": [true]}],
             "outputs": [{"name": "total", "parameters": {"binary_data": true}}, {"name": "counts_out"}, {"name": "names_out", "parameters": {"binary_data": true}}]}
            """,
            [.. Floats[..8], 1, 0, 0, 0, (byte)'a']);

        using var response = await SendAsync(request);

        var (json, tail) = await response.ReadBinaryAsync();
        Assert.Equal(9, MemoryMarshal.Read<float>(tail));
        Assert.Equal([1, 0, 0, 0, (byte)'a'], tail[4..]);
        Assert.Equal(["2", "3", "4"], json.Data(output: 1));
    }

    [Theory, Trait("assertion", "50")]
    [InlineData("1000", "header Inference-Header-Content-Length is 1000, but the whole body has")]
    [InlineData("-1", "header Inference-Header-Content-Length is '-1'")]
    [InlineData("abc", "header Inference-Header-Content-Length is 'abc'")]
    [InlineData("1e2", "header Inference-Header-Content-Length is '1e2'")]
    [InlineData("99999999999999999999", "header Inference-Header-Content-Length is '99999999999999999999'")]
    [InlineData("20", "the body is not JSON")]
    [InlineData("110", "input 'x' has binary_data_size 16, but 10 of the 10 bytes behind the JSON are left")]
    public async Task Infer_HeaderLengthThatIsWrong_IsRefused(string length, string error)
    {
        using var request = Rest.Binary("identity", FourFloats, Floats, length);

        await AssertRefusedAsync(request, error);
    }

    [Fact, Trait("assertion", "50")]
    public async Task Infer_HeaderLengthMissing_IsNamed()
    {
        using var json = Json(FourFloats);
        await AssertRefusedAsync(json, "input 'x' has binary_data_size, but the request has no header Inference-Header-Content-Length");

        using var bytes = Rest.Bytes("identity", Floats, headerLength: null);
        using var response = await SendAsync(bytes);
        Assert.Contains("Inference-Header-Content-Length", await response.ReadErrorAsync(HttpStatusCode.UnsupportedMediaType), StringComparison.Ordinal);
    }

    [Theory, Trait("assertion", "51")]
    [InlineData(12, 16, "input 'x' has binary_data_size 16, but 12 of the 12 bytes behind the JSON are left")]
    [InlineData(20, 16, "the body has 4 bytes more behind its JSON than the inputs' binary_data_size say")]
    [InlineData(12, 12, "input 'x' came with 12 bytes, but FP32 [1, 4] takes 16")]
    [InlineData(16, -1, "input 'x' has binary_data_size -1")]
    public async Task Infer_SizesThatDisagree_AreRefused(int bytes, int size, string error)
    {
        using var request = Rest.Binary("identity", FourFloats.Replace("16", size.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal), new byte[bytes]);

        await AssertRefusedAsync(request, error);
    }

    [Fact, Trait("assertion", "52")]
    public async Task Infer_RawBinary_IsOneRow()
    {
        using var request = Rest.Bytes("identity", Floats, "0");

        using var response = await SendAsync(request);

        var (json, tail) = await response.ReadBinaryAsync();
        Assert.Equal(Floats, tail);
        Assert.Equal("[1,4]", json.GetProperty("outputs")[0].GetProperty("shape").GetRawText());
    }

    [Fact, Trait("assertion", "52")]
    public async Task Infer_RawBinaryOfAnyLength_CompletesTheOpenDimension()
    {
        using var request = Rest.Bytes("identity-uint8", [1, 2, 3], "0");

        using var response = await SendAsync(request);

        var (json, tail) = await response.ReadBinaryAsync();
        Assert.Equal([1, 2, 3], tail);
        Assert.Equal("[1,3]", json.GetProperty("outputs")[0].GetProperty("shape").GetRawText());
    }

    [Theory, Trait("assertion", "52")]
    [InlineData("identity", 20, "input 'x' came with 20 bytes, but FP32 [1, 4] takes 16")]
    [InlineData("identity", 12, "input 'x' came with 12 bytes, but FP32 [1, 4] takes 16")]
    [InlineData("several", 16, "model 'several' has 4 inputs (")]
    [InlineData("variable", 16, "model 'variable' takes shape [1, -1, -1], which leaves more than one dimension open")]
    public async Task Infer_RawBinaryThatDoesNotTellTheRequest_IsRefused(string model, int bytes, string error)
    {
        using var request = Rest.Bytes(model, new byte[bytes], "0");

        await AssertRefusedAsync(request, error);
    }

    [Theory, Trait("assertion", "53")]
    [InlineData(new byte[] { 9, 0, 0, 0, 65 }, "input 'x' says that string 0 has 9 bytes, but only 1 follow")]
    [InlineData(new byte[] { 255, 255, 255, 255, 65 }, "input 'x' says that string 0 has 4294967295 bytes, but only 1 follow")]
    [InlineData(new byte[] { 0, 0, 0, 0, 65 }, "input 'x' ends with 1 bytes where the 4-byte length of string 1 should stand")]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, "input 'x' holds 3 strings, but its shape [1, 1] takes 1")]
    public async Task Infer_StringsBeyondTheirBytes_AreRefused(byte[] strings, string error)
    {
        using var request = Rest.Binary(
            "identity-bytes", $$"""{"inputs": [{"name": "x", "shape": [1, 1], "datatype": "BYTES", "parameters": {"binary_data_size": {{strings.Length}} } }]}""", strings);

        await AssertRefusedAsync(request, error);
    }

    private async Task AssertRefusedAsync(HttpRequestMessage request, string error)
    {
        using var response = await SendAsync(request);

        Assert.StartsWith(error, await response.ReadErrorAsync(HttpStatusCode.BadRequest), StringComparison.Ordinal);
        await server.Http.AssertLivesAsync();
    }

    private static HttpRequestMessage Json(string body) =>
        new(HttpMethod.Post, Rest.InferPath("identity")) { Content = new StringContent(body, mediaType: new("application/json")) };

    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => server.Http.SendAsync(request, TestContext.Current.CancellationToken);
}
