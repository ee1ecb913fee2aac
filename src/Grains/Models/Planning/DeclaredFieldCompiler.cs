using System.Text.Json;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Models.Manifest;

namespace OrleansInference.Grains.Models.Planning;

/// <summary>Checks one field of <c>predict.request</c>.</summary>
internal static class DeclaredFieldCompiler
{
    public static DeclaredField Compile(string name, RequestFieldSection section, ManifestFaults faults)
    {
        var path = $"predict.request.{name}";
        if (ParseType(section.Type) is not { } type)
        {
            faults.Add($"{path}.type", $"'{section.Type}' is no type. Write string, number, boolean or timestamp.");
            type = DeclaredFieldType.Text;
        }

        if (type is not DeclaredFieldType.Number && (section.Minimum ?? section.Maximum) is not null)
            faults.Add(path, "minimum and maximum are for numbers. Remove them, or set type to number.");
        if (type is not DeclaredFieldType.Timestamp && section.MaxFuture is not null)
            faults.Add($"{path}.maxFuture", "is for timestamps. Remove it, or set type to timestamp.");
        CheckDefault(path, section, type, faults);

        return new DeclaredField
        {
            Name = name,
            Alias = section.Alias,
            Type = type,
            Required = section.Required,
            Minimum = section.Minimum,
            Maximum = section.Maximum,
            MaxFuture = section.MaxFuture ?? TimeSpan.FromMinutes(5),
            DefaultsToNow = IsNow(section, type),
            DefaultFeature = ReadDefaultFeature(section),
            Default = IsNow(section, type) ? FeatureValue.Missing : ReadOrElse(section),
        };
    }

    /// <summary>The feature named by <c>{ "feature": … }</c>, or null.</summary>
    public static string? ReadDefaultFeature(RequestFieldSection section) =>
        section.Default is { ValueKind: JsonValueKind.Object } value && value.TryGetProperty("feature", out var feature) ? feature.GetString() : null;

    /// <summary>The literal default, or the <c>orElse</c> of one by feature; missing where there is none.</summary>
    public static FeatureValue ReadOrElse(RequestFieldSection section)
    {
        if (section.Default is not { } value) return FeatureValue.Missing;
        if (value.ValueKind is JsonValueKind.Object) return value.TryGetProperty("orElse", out var orElse) ? ToValue(orElse) : FeatureValue.Missing;
        return ToValue(value);
    }

    private static void CheckDefault(string path, RequestFieldSection section, DeclaredFieldType type, ManifestFaults faults)
    {
        if (section.Default is not { } value) return;
        if (section.Required) faults.Add($"{path}.default", "a required field needs no default. Remove one of the two.");
        if (IsNow(section, type)) return;
        if (value.ValueKind is JsonValueKind.Object && ReadDefaultFeature(section) is null)
            faults.Add($"{path}.default", "the object needs 'feature'. Write { \"feature\": \"view.column\", \"orElse\": 0 } or a literal.");

        var literal = ReadOrElse(section);
        var wanted = type is DeclaredFieldType.Text ? FeatureType.Text : FeatureType.Number;
        if (!literal.IsMissing && literal.Type != wanted)
            faults.Add($"{path}.default", $"'{literal}' is no {section.Type}. Correct the default or the type.");
    }

    private static bool IsNow(RequestFieldSection section, DeclaredFieldType type) =>
        type is DeclaredFieldType.Timestamp && section.Default is { ValueKind: JsonValueKind.String } value && value.GetString() is "now";

    private static DeclaredFieldType? ParseType(string type) => type switch
    {
        "string" => DeclaredFieldType.Text,
        "number" => DeclaredFieldType.Number,
        "boolean" => DeclaredFieldType.Boolean,
        "timestamp" => DeclaredFieldType.Timestamp,
        _ => null,
    };

    private static FeatureValue ToValue(JsonElement literal) => literal.ValueKind switch
    {
        JsonValueKind.Number => FeatureValue.Of(literal.GetDouble()).AsDefault(),
        JsonValueKind.String => FeatureValue.Of(literal.GetString()!).AsDefault(),
        JsonValueKind.True => FeatureValue.Of(1).AsDefault(),
        JsonValueKind.False => FeatureValue.Of(0).AsDefault(),
        _ => FeatureValue.Missing,
    };
}
