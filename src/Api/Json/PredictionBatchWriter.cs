using System.Text.Json;
using OrleansInference.Api.OpenInference.Rest;

namespace OrleansInference.Api.Json;

/// <summary>Writes the answer to a batch of predictions: for each instance, in its place, a prediction or an error.</summary>
internal static class PredictionBatchWriter
{
    public static async Task WriteAsync(HttpResponse response, IReadOnlyList<PredictionResult> results)
    {
        response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(response.BodyWriter, OpenInferenceJson.Writing))
        {
            json.WriteStartObject();
            json.WriteStartArray("predictions");
            foreach (var result in results)
            {
                if (result.Prediction is { } prediction) PredictionWriter.Write(json, prediction);
                else WriteError(json, ErrorMapping.ToInferenceException(result.Failure!));
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        await response.BodyWriter.FlushAsync(response.HttpContext.RequestAborted);
    }

    private static void WriteError(Utf8JsonWriter json, InferenceException failure)
    {
        var (status, title) = ErrorMapping.Describe(failure.Code);
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("title", title);
        json.WriteNumber("status", status);
        json.WriteString("detail", failure.Message);
        json.WriteString("code", failure.Code.ToString());
        if (failure.RetryAfter is { } wait) json.WriteNumber("retry_after_seconds", wait.TotalSeconds);
        if (failure.Fields.Count > 0)
        {
            json.WriteStartArray("errors");
            foreach (var field in failure.Fields)
            {
                json.WriteStartObject();
                json.WriteString("field", field.Field);
                json.WriteString("message", field.Message);
                json.WriteString("value", field.Value);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
