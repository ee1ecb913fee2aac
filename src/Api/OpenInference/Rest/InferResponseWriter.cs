using System.Globalization;
using System.Text.Json;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>Writes an answer as JSON, with the bytes of those outputs behind it that were asked for as bytes.</summary>
internal static class InferResponseWriter
{
    /// <exception cref="InferenceException">InvalidInput: an output's strings are no text, so that JSON cannot hold them.</exception>
    public static async Task WriteAsync(HttpResponse response, string model, InferBody asked, InferenceResponse answer)
    {
        TensorDataWriter.ThrowIfNotJson(asked, answer.Outputs);
        var isBinary = Enumerable.Range(0, answer.Outputs.Count).Any(asked.IsBinary);
        response.ContentType = isBinary ? "application/octet-stream" : "application/json";
        await using (var json = new Utf8JsonWriter(response.BodyWriter, OpenInferenceJson.Writing))
        {
            await WriteJsonAsync(json, response, model, asked, answer, mayFlush: !isBinary);
            await json.FlushAsync(response.HttpContext.RequestAborted);
            if (!response.HasStarted) SetLengths(response, json.BytesCommitted, isBinary, asked, answer);
        }

        await WriteBytesAsync(response, asked, answer);
        await response.BodyWriter.FlushAsync(response.HttpContext.RequestAborted);
    }

    private static async ValueTask WriteJsonAsync(Utf8JsonWriter json, HttpResponse response, string model, InferBody asked, InferenceResponse answer, bool mayFlush)
    {
        json.WriteStartObject();
        json.WriteString("model_name"u8, model);
        json.WriteString("model_version"u8, answer.Version.ToString(CultureInfo.InvariantCulture));
        if (asked.Id is { } id) json.WriteString("id"u8, id);
        json.WriteStartArray("outputs"u8);
        for (var i = 0; i < answer.Outputs.Count; i++)
        {
            WriteHead(json, answer.Outputs[i]);
            if (asked.IsBinary(i)) WriteSize(json, answer.Outputs[i]);
            else await TensorDataWriter.WriteAsync(json, answer.Outputs[i], mayFlush ? response : null);
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

    private static void SetLengths(HttpResponse response, long jsonLength, bool isBinary, InferBody asked, InferenceResponse answer)
    {
        response.ContentLength = jsonLength + answer.Outputs.Where((_, i) => asked.IsBinary(i)).Sum(output => (long)output.Data.Length);
        if (isBinary) response.Headers[BinaryTail.Header] = jsonLength.ToString(CultureInfo.InvariantCulture);
    }

    private static async ValueTask WriteBytesAsync(HttpResponse response, InferBody asked, InferenceResponse answer)
    {
        for (var i = 0; i < answer.Outputs.Count; i++)
        {
            if (asked.IsBinary(i)) await response.BodyWriter.WriteAsync(answer.Outputs[i].Data, response.HttpContext.RequestAborted);
        }
    }
}
