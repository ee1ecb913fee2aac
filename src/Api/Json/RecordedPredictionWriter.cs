using System.Globalization;
using System.Text.Json;
using OrleansInference.Api.OpenInference;
using OrleansInference.Api.OpenInference.Rest;

namespace OrleansInference.Api.Json;

/// <summary>Writes a prediction as it was recorded; its number reads as in the answer that the caller had.</summary>
internal static class RecordedPredictionWriter
{
    public static async Task WriteAsync(HttpResponse response, RecordedPrediction prediction)
    {
        response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(response.BodyWriter, OpenInferenceJson.Writing))
        {
            json.WriteStartObject();
            json.WriteString("prediction_id", prediction.PredictionId);
            json.WriteString("user_id", prediction.UserId);
            json.WriteNumber("sequence", prediction.Sequence);
            json.WriteString("request_id", prediction.IdempotencyKey);
            json.WriteString("model", prediction.Model);
            json.WriteString("model_version", prediction.ModelVersion.ToString(CultureInfo.InvariantCulture));
            json.WriteString("variant", Variants.NameOf(prediction.Variant));
            json.WriteString("created_at", prediction.CreatedAt.UtcDateTime);
            PredictionWriter.WriteNumber(json, "prediction", prediction.Value);
            json.WriteString("info", prediction.Info);
            json.WriteBoolean("degraded", prediction.Degraded);
            UsedFeaturesWriter.WriteTimes(json, prediction.Times);
            UsedFeaturesWriter.WriteFeatures(json, prediction.Features);
            await WriteOutputsAsync(json, prediction.Outputs);
            WriteOutcomes(json, prediction.Outcomes);
            json.WriteEndObject();
        }

        await response.BodyWriter.FlushAsync(response.HttpContext.RequestAborted);
    }

    private static async ValueTask WriteOutputsAsync(Utf8JsonWriter json, IReadOnlyList<Tensor>? outputs)
    {
        if (outputs is null || !outputs.All(TensorDataWriter.IsJson))
        {
            json.WriteNull("outputs");
            return;
        }

        json.WriteStartArray("outputs");
        foreach (var output in outputs)
        {
            json.WriteStartObject();
            json.WriteString("name", output.Name);
            json.WriteString("datatype", Datatypes.NameOf(output.Datatype));
            json.WriteStartArray("shape");
            foreach (var dimension in output.Shape) json.WriteNumberValue(dimension);
            json.WriteEndArray();
            await TensorDataWriter.WriteAsync(json, output, response: null);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteOutcomes(Utf8JsonWriter json, IReadOnlyList<RecordedOutcome> outcomes)
    {
        json.WriteStartArray("outcomes");
        foreach (var outcome in outcomes)
        {
            json.WriteStartObject();
            json.WriteNumber("label", outcome.Label);
            json.WriteNumber("revision", outcome.Revision);
            json.WriteString("recorded_at", outcome.RecordedAt.UtcDateTime);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
