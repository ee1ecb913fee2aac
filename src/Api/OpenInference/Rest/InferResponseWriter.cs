using System.Globalization;
using System.Text.Json;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>Writes an answer as JSON, with the bytes of those outputs behind it that were asked for as bytes.</summary>
internal static class InferResponseWriter
{
    /// <exception cref="InferenceException">InvalidInput: an output's strings are no text, so that JSON cannot hold them.</exception>
    public static async Task WriteAsync(HttpResponse response, string model, InferBody asked, InferenceResponse answer)
    {
        // All that can be wrong is found before the first byte: later there is no other answer to give.
        var binary = asked.FindBinary(answer.Outputs.Count);
        TensorDataWriter.ThrowIfNotJson(answer.Outputs, binary);
        response.ContentType = binary.Contains(true) ? "application/octet-stream" : "application/json";
        await using (var json = new Utf8JsonWriter(response.BodyWriter, OpenInferenceJson.Writing))
        {
            await WriteJsonAsync(json, response, model, asked.Id, answer, binary);
            await json.FlushAsync(response.HttpContext.RequestAborted);
            if (!response.HasStarted) SetLengths(response, json.BytesCommitted, answer.Outputs, binary);
        }

        for (var i = 0; i < binary.Length; i++)
        {
            if (binary[i]) await response.BodyWriter.WriteAsync(answer.Outputs[i].Data, response.HttpContext.RequestAborted);
        }

        await response.BodyWriter.FlushAsync(response.HttpContext.RequestAborted);
    }

    private static async ValueTask WriteJsonAsync(Utf8JsonWriter json, HttpResponse response, string model, string? id, InferenceResponse answer, bool[] binary)
    {
        json.WriteStartObject();
        json.WriteString("model_name"u8, model);
        json.WriteString("model_version"u8, answer.Version.ToString(CultureInfo.InvariantCulture));
        if (id is not null) json.WriteString("id"u8, id);
        json.WriteStartArray("outputs"u8);

        // A header tells how long the JSON is where bytes follow, so that nothing of it may be sent before it is whole.
        var sink = binary.Contains(true) ? null : response;
        for (var i = 0; i < binary.Length; i++)
        {
            WriteHead(json, answer.Outputs[i]);
            if (binary[i]) WriteSize(json, answer.Outputs[i]);
            else await TensorDataWriter.WriteAsync(json, answer.Outputs[i], sink);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteHead(Utf8JsonWriter json, Tensor output)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, output.Name);
        json.WriteString("datatype"u8, Datatypes.NameOf(output.Datatype));
        json.WriteStartArray("shape"u8);
        foreach (var dimension in output.Shape) json.WriteNumberValue(dimension);
        json.WriteEndArray();
    }

    private static void WriteSize(Utf8JsonWriter json, Tensor output)
    {
        json.WriteStartObject("parameters"u8);
        json.WriteNumber("binary_data_size"u8, output.Data.Length);
        json.WriteEndObject();
    }

    private static void SetLengths(HttpResponse response, long jsonLength, IReadOnlyList<Tensor> outputs, bool[] binary)
    {
        response.ContentLength = jsonLength + outputs.Where((_, i) => binary[i]).Sum(output => (long)output.Data.Length);
        if (binary.Contains(true)) response.Headers[BinaryTail.Header] = jsonLength.ToString(CultureInfo.InvariantCulture);
    }
}
