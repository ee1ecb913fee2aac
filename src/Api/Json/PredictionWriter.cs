using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace OrleansInference.Api.Json;

/// <summary>Writes the answer to a prediction request.</summary>
internal static class PredictionWriter
{
    private static readonly ArrayBufferWriter<byte> Nowhere = new();

    // Of one answer after the other: nothing is awaited between the first byte and the last.
    [ThreadStatic]
    private static Utf8JsonWriter? _json;

    public static async Task WriteAsync(HttpResponse response, Prediction prediction)
    {
        response.ContentType = "application/json";
        // With a length, headers and body leave in one packet; without, a chunk's end would follow in another.
        response.ContentLength = Write(response.BodyWriter, prediction);
        await response.BodyWriter.FlushAsync(response.HttpContext.RequestAborted);
    }

    /// <summary>Writes the object.</summary>
    public static void Write(Utf8JsonWriter json, Prediction prediction)
    {
        json.WriteStartObject();
        WriteNumber(json, "prediction", prediction.Value);
        json.WriteString("info", prediction.Info);
        json.WriteString("prediction_id", prediction.PredictionId);
        json.WriteString("model", prediction.Model);
        json.WriteString("model_version", prediction.ModelVersion.ToString(CultureInfo.InvariantCulture));
        json.WriteBoolean("degraded", prediction.Degraded);
        if (prediction.Details is { } details)
        {
            UsedFeaturesWriter.WriteTimes(json, details.Times);
            UsedFeaturesWriter.WriteFeatures(json, details.Features);
        }

        json.WriteEndObject();
    }

    private static long Write(IBufferWriter<byte> body, Prediction prediction)
    {
        var json = _json ??= new Utf8JsonWriter(Nowhere);
        json.Reset(body);
        Write(json, prediction);
        json.Flush();
        var bytes = json.BytesCommitted;

        // A thread that has nothing more to write holds on to no connection.
        json.Reset(Nowhere);
        return bytes;
    }

    /// <summary>Most models answer FP32: 4.2f is written 4.2, not 4.199999809265137.</summary>
    public static void WriteNumber(Utf8JsonWriter json, string name, double value)
    {
        var single = (float)value;
        if (single == value) json.WriteNumber(name, single);
        else json.WriteNumber(name, value);
    }
}
