using System.Text.Json;

namespace OrleansInference.Grains.Features;

/// <summary>A JSON value as a feature.</summary>
internal static class JsonFeature
{
    /// <summary>Numbers and booleans for a number, strings for a text; missing where it is anything else.</summary>
    /// <exception cref="InvalidOperationException">A string is not valid Unicode.</exception>
    public static FeatureValue Read(JsonElement value, FeatureType type) => value.ValueKind switch
    {
        JsonValueKind.Number when type is FeatureType.Number && value.TryGetDouble(out var number) && double.IsFinite(number) => FeatureValue.Of(number),
        JsonValueKind.True or JsonValueKind.False when type is FeatureType.Number => FeatureValue.Of(value.GetBoolean() ? 1 : 0),
        JsonValueKind.String when type is FeatureType.Text => FeatureValue.Of(value.GetString()!),
        _ => FeatureValue.Missing,
    };
}
