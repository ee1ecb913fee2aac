using System.Globalization;
using System.Text.Json;

namespace OrleansInference.Api.Json;

/// <summary>Writes a prediction as it was recorded; its number reads as in the answer that the caller had.</summary>
internal static class RecordedPredictionWriter
{
    public static async Task WriteAsync(HttpResponse response, RecordedPrediction prediction)
    {
        response.ContentType = "application/json";
        using (var json = new Utf8JsonWriter(response.BodyWriter))
        {
            json.WriteStartObject();
            json.WriteString("prediction_id", prediction.PredictionId);
            json.WriteString("user_id", prediction.UserId);
            json.WriteString("model", prediction.Model);
            json.WriteString("model_version", prediction.ModelVersion.ToString(CultureInfo.InvariantCulture));
            json.WriteString("created_at", prediction.CreatedAt.UtcDateTime);
            PredictionWriter.WriteNumber(json, "prediction", prediction.Value);
            json.WriteString("info", prediction.Info);
            json.WriteBoolean("degraded", prediction.Degraded);
            json.WriteStartObject("features");
            foreach (var feature in prediction.Features) Write(json, feature);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        await response.BodyWriter.FlushAsync(response.HttpContext.RequestAborted);
    }

    private static void Write(Utf8JsonWriter json, UsedFeature feature)
    {
        json.WriteStartObject(feature.Name);
        if (feature.Value is double number && double.IsFinite(number)) json.WriteNumber("value", number);
        else if (feature.Value is string text) json.WriteString("value", text);
        else json.WriteNull("value");
        json.WriteNumber("age_seconds", feature.Age.TotalSeconds);
        json.WriteString("status", feature.Status);
        json.WriteEndObject();
    }
}
