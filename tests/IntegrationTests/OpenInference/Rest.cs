using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using IntegrationTests.Infrastructure;

namespace IntegrationTests.OpenInference;

/// <summary>The protocol over REST as a client speaks it.</summary>
internal static class Rest
{
    public const string HeaderLength = "Inference-Header-Content-Length";

    /// <summary>A request for the model <c>identity</c> that is answered with what it holds.</summary>
    public const string Good = """{"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}]}""";

    public static string InferPath(string model, string? version = null) => version is null ? $"/v2/models/{model}/infer" : $"/v2/models/{model}/versions/{version}/infer";

    /// <summary>A request with one input.</summary>
    public static string OneInput(string datatype, string shape, string data, string name = "x") =>
        $$"""{"inputs": [{"name": "{{name}}", "shape": {{shape}}, "datatype": "{{datatype}}", "data": {{data}}}]}""";

    /// <summary>Sends a request that must be answered with 200.</summary>
    public static async Task<JsonElement> InferAsync(this HttpClient http, string model, string body, string? version = null)
    {
        var (status, answer) = await http.PostJsonAsync(InferPath(model, version), body);
        Assert.True(status is HttpStatusCode.OK, $"{(int)status} {answer}");
        return answer;
    }

    /// <summary>The elements of an output, each as it was written.</summary>
    public static string[] Data(this JsonElement answer, int output = 0) =>
        [.. answer.GetProperty("outputs")[output].GetProperty("data").EnumerateArray().Select(element => element.GetRawText())];

    /// <summary>Sends JSON that must be refused, and answers the error.</summary>
    public static async Task<string> RefuseAsync(this HttpClient http, string model, string body, HttpStatusCode status = HttpStatusCode.BadRequest)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(InferPath(model), content, TestContext.Current.CancellationToken);
        return await response.ReadErrorAsync(status);
    }

    /// <summary>Reads a refusal: the status, and nothing but <c>error</c>.</summary>
    public static async Task<string> ReadErrorAsync(this HttpResponseMessage response, HttpStatusCode status)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == status, $"Expected {(int)status}, but got {(int)response.StatusCode}: {text}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        var only = Assert.Single(JsonDocument.Parse(text).RootElement.EnumerateObject());
        Assert.Equal("error", only.Name);
        return only.Value.GetString()!;
    }

    /// <summary>JSON with tensors' bytes behind it.</summary>
    public static HttpRequestMessage Binary(string model, string json, byte[] tail, string? headerLength = null) =>
        Bytes(model, [.. Encoding.UTF8.GetBytes(json), .. tail], headerLength ?? Encoding.UTF8.GetByteCount(json).ToString(CultureInfo.InvariantCulture));

    /// <summary>A body of bytes.</summary>
    public static HttpRequestMessage Bytes(string model, byte[] body, string? headerLength)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, InferPath(model)) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        if (headerLength is not null) request.Headers.TryAddWithoutValidation(HeaderLength, headerLength);
        return request;
    }

    /// <summary>An answer whose outputs' bytes stand behind its JSON.</summary>
    public static async Task<(JsonElement Json, byte[] Tail)> ReadBinaryAsync(this HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode is HttpStatusCode.OK, Encoding.UTF8.GetString(body));
        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(body.Length, response.Content.Headers.ContentLength);
        var length = int.Parse(Assert.Single(response.Headers.GetValues(HeaderLength)), CultureInfo.InvariantCulture);
        return (JsonDocument.Parse(body.AsMemory(0, length)).RootElement.Clone(), body[length..]);
    }

    /// <summary>Whatever came before, the server answers as if nothing had been.</summary>
    public static async Task AssertLivesAsync(this HttpClient http)
    {
        Assert.True((await http.GetJsonAsync("/v2/health/live")).GetProperty("live").GetBoolean());
        Assert.Equal(["1", "2", "3", "4"], (await http.InferAsync("identity", Good)).Data());
    }
}
