using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace IntegrationTests.OpenInference;

/// <summary>Assertions 8 to 21: requests that are answered.</summary>
public sealed class RestInferTests(OpenInferenceServer server)
{
    [Fact, Trait("assertion", "8")]
    public async Task Infer_FlatAndNestedData_AnswerTheSame()
    {
        var flat = await server.Http.InferAsync("variable", Rest.OneInput("FP32", "[2, 1, 3]", "[1, 2, 3, 4, 5, 6]"));
        var nested = await server.Http.InferAsync("variable", Rest.OneInput("FP32", "[2, 1, 3]", "[[[1, 2, 3]], [[4, 5, 6]]]"));

        Assert.Equal(["2", "4", "6", "8", "10", "12"], flat.Data());
        Assert.Equal(flat.GetRawText(), nested.GetRawText());
    }

    public static TheoryData<string> Ids => ["", "1", "é\n\"\\ \u0000 😀", new string('x', 1024)];

    [Theory, Trait("assertion", "9")]
    [MemberData(nameof(Ids), DisableDiscoveryEnumeration = true)]
    public async Task Infer_Id_IsEchoed(string id)
    {
        var answer = await server.Http.InferAsync("identity", $$"""{"id": {{JsonSerializer.Serialize(id)}}, {{Rest.Good[1..]}}""");

        Assert.Equal(id, answer.GetProperty("id").GetString());
    }

    [Theory, Trait("assertion", "10")]
    [InlineData("")]
    [InlineData("\"id\": null, ")]
    public async Task Infer_NoId_AnswersNone(string id) =>
        Assert.False((await server.Http.InferAsync("identity", $"{{{id}{Rest.Good[1..]}")).TryGetProperty("id", out _));

    private const string Several =
        """
        {"inputs": [{"name": "flags", "shape": [2, 1], "datatype": "BOOL", "data": [true, false]},
                    {"name": "names", "shape": [2, 1], "datatype": "BYTES", "data": ["a", "ü"]},
                    {"name": "amounts", "shape": [2, 2], "datatype": "FP32", "data": [0.5, 1, 2, 4]},
                    {"name": "counts", "shape": [2, 3], "datatype": "INT64", "data": [1, 2, 3, 4, 5, 6]}]
        """;

    [Theory, Trait("assertion", "11")]
    [InlineData("}")]
    [InlineData(", \"outputs\": []}")]
    public async Task Infer_NoOutputsAskedFor_AnswersAllInTheModelsOrder(string rest)
    {
        var answer = await server.Http.InferAsync("several", Several + rest);
        var model = JsonDocument.Parse(await server.Http.GetStringAsync("/v2/models/several", TestContext.Current.CancellationToken)).RootElement;

        Assert.Equal(Names(model), Names(answer));
        Assert.Equal(4, Names(answer).Length);
    }

    [Fact, Trait("assertion", "12")]
    public async Task Infer_SomeOutputsAskedFor_AnswersThoseInThatOrder()
    {
        var answer = await server.Http.InferAsync("several", Several + """, "outputs": [{"name": "total"}, {"name": "names_out"}]}""");

        Assert.Equal(["total", "names_out"], Names(answer));
        Assert.Equal(["7.5", "21"], answer.Data());
        Assert.Equal(["\"a\"", "\"ü\""], answer.Data(output: 1));
    }

    [Theory, Trait("assertion", "13")]
    [InlineData("BOOL", "true", "false")]
    [InlineData("UINT8", "0", "255")]
    [InlineData("UINT16", "0", "65535")]
    [InlineData("UINT32", "0", "4294967295")]
    [InlineData("UINT64", "9007199254740993", "18446744073709551615")]
    [InlineData("INT8", "-128", "127")]
    [InlineData("INT16", "-32768", "32767")]
    [InlineData("INT32", "-2147483648", "2147483647")]
    [InlineData("INT64", "-9223372036854775808", "9223372036854775807")]
    [InlineData("FP16", "0.5", "-65504")]
    [InlineData("BF16", "0.5", "-3.140625")]
    [InlineData("FP32", "1E-45", "0.1")]
    [InlineData("FP64", "5E-324", "1.7976931348623157E+308")]
    [InlineData("BYTES", "\"\"", "\"größer\"")]
    public async Task Infer_EachDatatype_ComesBackAsItWas(string datatype, string first, string second)
    {
        var answer = await server.Http.InferAsync($"identity-{datatype.ToLowerInvariant()}", Rest.OneInput(datatype, "[1, 2]", $"[{first}, {second}]"));

        Assert.Equal([first, second], answer.Data());
        Assert.Equal((datatype, "[1,2]"), (answer.GetProperty("outputs")[0].GetProperty("datatype").GetString(), answer.GetProperty("outputs")[0].GetProperty("shape").GetRawText()));
    }

    [Fact, Trait("assertion", "14")]
    public async Task Infer_StringsThatAreNoText_ComeBackAsBytesOnly()
    {
        byte[] strings = [2, 0, 0, 0, 0xFF, 0xFE, 0, 0, 0, 0];
        const string json = """{"inputs": [{"name": "x", "shape": [1, 2], "datatype": "BYTES", "parameters": {"binary_data_size": 10}}]""";
        using var asBytes = Rest.Binary("identity-bytes", json + """, "parameters": {"binary_data_output": true}}""", strings);
        using var asJson = Rest.Binary("identity-bytes", json + "}", strings);

        using var bytes = await SendAsync(asBytes);
        using var refused = await SendAsync(asJson);

        Assert.Equal(strings, (await bytes.ReadBinaryAsync()).Tail);
        Assert.Contains("ask for the output with binary_data: true", await refused.ReadErrorAsync(HttpStatusCode.BadRequest), StringComparison.Ordinal);
    }

    [Fact, Trait("assertion", "15")]
    public async Task Infer_Booleans_MayBeWordsOrZeroAndOne()
    {
        var answer = await server.Http.InferAsync("identity-bool", Rest.OneInput("BOOL", "[1, 4]", "[true, 0, false, 1]"));

        Assert.Equal(["true", "false", "false", "true"], answer.Data());
    }

    [Fact, Trait("assertion", "16")]
    public async Task Infer_NoRows_AnswersNoRows()
    {
        var answer = await server.Http.InferAsync("identity", Rest.OneInput("FP32", "[0, 4]", "[]"));

        Assert.Empty(answer.Data());
        Assert.Equal("[0,4]", answer.GetProperty("outputs")[0].GetProperty("shape").GetRawText());
    }

    [Fact, Trait("assertion", "17")]
    public async Task Infer_MoreRowsThanOneBatch_AreSplitAndJoined()
    {
        const int rows = 1000;
        var elements = Enumerable.Range(0, rows * 4).Select(i => i.ToString(CultureInfo.InvariantCulture)).ToArray();

        var answer = await server.Http.InferAsync("identity", Rest.OneInput("FP32", $"[{rows}, 4]", $"[{string.Join(",", elements)}]"));

        Assert.Equal(elements, answer.Data());
        Assert.Equal($"[{rows},4]", answer.GetProperty("outputs")[0].GetProperty("shape").GetRawText());
    }

    [Theory, Trait("assertion", "18"), Trait("assertion", "19")]
    [InlineData("1", "11")]
    [InlineData("2", "12")]
    [InlineData("3", "13")]
    public async Task Infer_Version_RunsAndIsNamed(string version, string answered)
    {
        var answer = await server.Http.InferAsync("versioned", Rest.OneInput("FP32", "[1, 1]", "[10]"), version);

        Assert.Equal(("versioned", version), (answer.GetProperty("model_name").GetString(), answer.GetProperty("model_version").GetString()));
        Assert.Equal([answered], answer.Data());
    }

    [Fact, Trait("assertion", "18"), Trait("assertion", "19")]
    public async Task Infer_NoVersion_NamesTheOneThatRan()
    {
        var answer = await server.Http.InferAsync("versioned", Rest.OneInput("FP32", "[1, 1]", "[10]"));

        var version = int.Parse(answer.GetProperty("model_version").GetString()!, CultureInfo.InvariantCulture);
        Assert.Equal([(10 + version).ToString(CultureInfo.InvariantCulture)], answer.Data());
    }

    [Fact, Trait("assertion", "20")]
    public async Task Infer_UnknownParametersAndMembers_AreIgnored()
    {
        var answer = await server.Http.InferAsync(
            "identity",
            """
            {"model_name": "other", "parameters": {"sequence_id": 7, "a": "b", "headers": {"c": [1]}, "triton_x": null}, "extra": [{}],
             "inputs": [{"name": "x", "parameters": {"content_type": "np", "d": 1.5}, "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4], "e": null}],
             "outputs": [{"name": "y", "parameters": {"f": true}, "g": 1}]}
            """);

        Assert.Equal(["1", "2", "3", "4"], answer.Data());
    }

    [Theory, Trait("assertion", "21")]
    [InlineData(null)]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("Application/JSON;charset=\"UTF-8\"")]
    [InlineData("application/vnd.kserve+json")]
    public async Task Infer_ContentType_OfJsonOrNone_IsAnswered(string? contentType)
    {
        using var request = Request(contentType);

        using var response = await SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory, Trait("assertion", "21")]
    [InlineData("text/plain", "The body's Content-Type is 'text/plain'. Send application/json.")]
    [InlineData("application/x-www-form-urlencoded", "Send application/json.")]
    [InlineData("application/octet-stream", "send the header Inference-Header-Content-Length too")]
    [InlineData("application/json; charset=utf-16", "The body's charset is 'utf-16'. Send UTF-8.")]
    [InlineData("nonsense", "Send application/json.")]
    public async Task Infer_ContentType_OfAnotherKind_Answers415(string contentType, string error)
    {
        using var request = Request(contentType);

        using var response = await SendAsync(request);

        Assert.Contains(error, await response.ReadErrorAsync(HttpStatusCode.UnsupportedMediaType), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_AnswerThatIsNoNumber_IsAWord()
    {
        var answer = await server.Http.InferAsync("nan", Rest.OneInput("FP32", "[1, 1]", "[1]"));

        Assert.Equal(["\"NaN\""], answer.Data());
    }

    [Theory]
    [InlineData("no-batch", "[3, 2]", "[1, 1, 1, 1, 1, 1]", "7,7,7,7,7,7")]
    [InlineData("vector", "[3]", "[1, 2, 3]", "2,3,4")]
    [InlineData("scalar", "[]", "[41]", "42")]
    public async Task Infer_ModelWithoutABatch_RunsByItself(string model, string shape, string data, string answered) =>
        Assert.Equal(answered.Split(','), (await server.Http.InferAsync(model, Rest.OneInput("FP32", shape, data))).Data());

    private static HttpRequestMessage Request(string? contentType)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Rest.Good));
        if (contentType is not null) content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        return new HttpRequestMessage(HttpMethod.Post, Rest.InferPath("identity")) { Content = content };
    }

    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => server.Http.SendAsync(request, TestContext.Current.CancellationToken);

    private static string[] Names(JsonElement owner) => [.. owner.GetProperty("outputs").EnumerateArray().Select(output => output.GetProperty("name").GetString()!)];
}
