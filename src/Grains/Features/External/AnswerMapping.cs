using System.Text.Json;

namespace OrleansInference.Grains.Features.External;

/// <summary>Makes features of the JSON object that a service answered.</summary>
internal static class AnswerMapping
{
    /// <summary>The columns' values. A property that is missing or of another type degrades the row and costs its own value only.</summary>
    /// <exception cref="JsonException">The answer is no object.</exception>
    public static FeatureRow Map(JsonElement answer, FeatureColumn[] columns, long readAt)
    {
        if (answer.ValueKind is not JsonValueKind.Object) throw new JsonException($"the answer is {answer.ValueKind}, not an object");

        var values = new FeatureValue[columns.Length];
        var degraded = false;
        for (var i = 0; i < values.Length; i++)
        {
            degraded |= !TryMap(answer, columns[i], out values[i]);
        }

        return new FeatureRow(values, readAt, degraded);
    }

    private static bool TryMap(JsonElement answer, FeatureColumn column, out FeatureValue value)
    {
        value = column.Default;
        if (!answer.TryGetProperty(column.SourceName, out var property)) return false;
        if (property.ValueKind is JsonValueKind.Null) return true;
        if (JsonFeature.Read(property, column.Type) is not { IsMissing: false } read) return false;

        value = read;
        return true;
    }
}
