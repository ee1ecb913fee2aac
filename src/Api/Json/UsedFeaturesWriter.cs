using System.Text.Json;

namespace OrleansInference.Api.Json;

/// <summary>Writes what a prediction was made from.</summary>
internal static class UsedFeaturesWriter
{
    public static void WriteFeatures(Utf8JsonWriter json, IReadOnlyList<UsedFeature> features)
    {
        json.WriteStartObject("features");
        foreach (var feature in features) Write(json, feature);
        json.WriteEndObject();
    }

    public static void WriteTimes(Utf8JsonWriter json, RecordedTimes? times)
    {
        if (times is null)
        {
            json.WriteNull("times");
            return;
        }

        json.WriteStartObject("times");
        json.WriteString("at", times.At.UtcDateTime);
        json.WriteNumber("features_seconds", times.Features.TotalSeconds);
        json.WriteNumber("inference_seconds", times.Inference.TotalSeconds);
        json.WriteNumber("total_seconds", times.Total.TotalSeconds);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, UsedFeature feature)
    {
        json.WriteStartObject(feature.Name);
        if (feature.Value is double number && double.IsFinite(number)) json.WriteNumber("value", number);
        else if (feature.Value is string text) json.WriteString("value", text);
        else json.WriteNull("value");
        json.WriteNumber("age_seconds", feature.Age.TotalSeconds);
        json.WriteString("source", feature.Source);
        json.WriteString("status", feature.Status);
        json.WriteEndObject();
    }
}
