using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using OrleansInference;

namespace IntegrationTests.Serving.Differential;

/// <summary>REST, with tensors as JSON or as bytes behind it.</summary>
internal sealed class RestWire(HttpClient http, bool binary) : IWire
{
    private const string LengthHeader = "Inference-Header-Content-Length";

    public string Name => binary ? "REST binary" : "REST JSON";

    public bool CanCarry(TensorDatatype datatype) => binary || datatype is not (TensorDatatype.FP16 or TensorDatatype.BF16);

    public async Task<Outcome> AskAsync(RandomRequest request)
    {
        var version = request.Version is null ? "" : $"/versions/{request.Version}";
        using var body = ToBody(request);
        using var response = await http.PostAsync($"/v2/models/{request.Model}{version}/infer", body, TestContext.Current.CancellationToken);
        var bytes = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => Read(response, bytes),
            HttpStatusCode.BadRequest => Outcomes.Failed(InferenceErrorCode.InvalidInput),
            HttpStatusCode.NotFound => Outcomes.Failed(InferenceErrorCode.NotFound),
            var status => throw new InvalidOperationException($"{Name} answered {status}: {System.Text.Encoding.UTF8.GetString(bytes)}"),
        };
    }

    private ByteArrayContent ToBody(RandomRequest request)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream)) Write(json, request);
        var jsonLength = stream.Length;
        if (binary)
        {
            foreach (var input in request.Inputs) stream.Write(input.Data);
        }

        var body = new ByteArrayContent(stream.ToArray());
        body.Headers.ContentType = new MediaTypeHeaderValue(binary ? "application/octet-stream" : "application/json");
        if (binary) body.Headers.Add(LengthHeader, jsonLength.ToString(CultureInfo.InvariantCulture));
        return body;
    }

    private void Write(Utf8JsonWriter json, RandomRequest request)
    {
        json.WriteStartObject();
        if (binary)
        {
            json.WriteStartObject("parameters");
            json.WriteBoolean("binary_data_output", true);
            json.WriteEndObject();
        }

        json.WriteStartArray("inputs");
        foreach (var input in request.Inputs) Write(json, input);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void Write(Utf8JsonWriter json, Tensor input)
    {
        json.WriteStartObject();
        json.WriteString("name", input.Name);
        json.WriteString("datatype", input.Datatype.ToString());
        json.WriteStartArray("shape");
        foreach (var dimension in input.Shape) json.WriteNumberValue(dimension);
        json.WriteEndArray();
        if (binary)
        {
            json.WriteStartObject("parameters");
            json.WriteNumber("binary_data_size", input.Data.Length);
            json.WriteEndObject();
        }
        else
        {
            json.WriteStartArray("data");
            JsonTensors.Write(json, input);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static Outcome Read(HttpResponseMessage response, byte[] bytes)
    {
        var lengths = response.Content.Headers.TryGetValues(LengthHeader, out var values) || response.Headers.TryGetValues(LengthHeader, out values) ? values : null;
        var jsonLength = lengths is null ? bytes.Length : int.Parse(lengths.Single(), CultureInfo.InvariantCulture);
        using var json = JsonDocument.Parse(bytes.AsMemory(0, jsonLength));
        var rest = bytes.AsMemory(jsonLength);
        var outputs = new List<Tensor>();
        foreach (var output in json.RootElement.GetProperty("outputs").EnumerateArray()) outputs.Add(Read(output, ref rest));
        Assert.True(rest.IsEmpty, "bytes are left behind the last output");
        return Outcomes.Answered(json.RootElement.GetProperty("model_version").GetString()!, outputs);
    }

    private static Tensor Read(JsonElement output, ref Memory<byte> rest)
    {
        var datatype = Enum.Parse<TensorDatatype>(output.GetProperty("datatype").GetString()!);
        var tensor = new Tensor
        {
            Name = output.GetProperty("name").GetString()!,
            Datatype = datatype,
            Shape = [.. output.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt64())],
            Data = output.TryGetProperty("data", out var data) ? JsonTensors.Read(datatype, data) : [],
        };
        if (data.ValueKind is not JsonValueKind.Undefined) return tensor;

        var size = output.GetProperty("parameters").GetProperty("binary_data_size").GetInt32();
        var bytes = rest[..size].ToArray();
        rest = rest[size..];
        return tensor with { Data = bytes };
    }
}
