using System.Globalization;
using System.Text.Json;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Models.Manifest;

namespace OrleansInference.Grains.Models.Planning;

/// <summary>Checks one field of <c>predict.request</c>.</summary>
internal static class DeclaredFieldCompiler
{
    private static readonly TimeSpan LongestMaxFuture = TimeSpan.FromDays(36_500);
    private static readonly double LatestTimestamp = RequestContract.ToSeconds(DateTimeOffset.MaxValue);

    public static DeclaredField Compile(string name, RequestFieldSection section, ManifestFaults faults)
    {
        var path = $"predict.request.{name}";
        if (ParseType(section.Type) is not { } type)
        {
            faults.Add($"{path}.type", $"'{section.Type}' is no type. Write string, number, boolean or timestamp.");
            type = DeclaredFieldType.Text;
        }

        else
        {
            CheckDefault(path, section, type, faults);
        }

        if (type is not DeclaredFieldType.Number && (section.Minimum ?? section.Maximum) is not null)
            faults.Add(path, "minimum and maximum are for numbers. Remove them, or set type to number.");
        if (section.Minimum > section.Maximum)
            faults.Add(path, string.Create(CultureInfo.InvariantCulture, $"minimum {section.Minimum} is above maximum {section.Maximum}, so no value fits. Correct one of them."));
        if (type is not DeclaredFieldType.Timestamp && section.MaxFuture is not null)
            faults.Add($"{path}.maxFuture", "is for timestamps. Remove it, or set type to timestamp.");
        else if (section.MaxFuture < TimeSpan.Zero || section.MaxFuture > LongestMaxFuture)
            faults.Add($"{path}.maxFuture", $"{section.MaxFuture} is out of range. Set it from zero to {LongestMaxFuture}.");

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
        section.Default is { ValueKind: JsonValueKind.Object } value && value.TryGetProperty("feature", out var feature) && feature.ValueKind is JsonValueKind.String ? feature.GetString() : null;

    /// <summary>The literal default, or the <c>orElse</c> of one by feature; missing where there is none.</summary>
    public static FeatureValue ReadOrElse(RequestFieldSection section) => Literal(section) is { } literal ? ToValue(literal) : FeatureValue.Missing;

    private static void CheckDefault(string path, RequestFieldSection section, DeclaredFieldType type, ManifestFaults faults)
    {
        if (section.Default is not { } value) return;
        if (section.Required) faults.Add($"{path}.default", "a required field needs no default. Remove one of the two.");
        if (IsNow(section, type)) return;
        if (value.ValueKind is JsonValueKind.Object) CheckDefaultObject($"{path}.default", value, ReadDefaultFeature(section), faults);
        if (Literal(section) is { } literal && !Fits(literal, type))
            faults.Add($"{path}.default", $"'{literal}' is no {section.Type}. Correct the default or the type.");
    }

    private static void CheckDefaultObject(string path, JsonElement value, string? feature, ManifestFaults faults)
    {
        const string Remedy = "Write { \"feature\": \"view.column\", \"orElse\": 0 } or a literal.";
        if (feature is null) faults.Add(path, $"the object needs 'feature'. {Remedy}");
        foreach (var property in value.EnumerateObject().Where(property => property.Name is not ("feature" or "orElse")))
            faults.Add(path, $"the key '{property.Name}' is unknown. {Remedy}");
    }

    private static JsonElement? Literal(RequestFieldSection section)
    {
        if (section.Default is not { ValueKind: JsonValueKind.Object } value) return section.Default;
        return value.TryGetProperty("orElse", out var orElse) ? orElse : null;
    }

    private static bool Fits(JsonElement literal, DeclaredFieldType type) => type switch
    {
        DeclaredFieldType.Text => literal.ValueKind is JsonValueKind.String,
        DeclaredFieldType.Boolean => literal.ValueKind is JsonValueKind.True or JsonValueKind.False,
        DeclaredFieldType.Number => literal.ValueKind is JsonValueKind.Number && double.IsFinite(literal.GetDouble()),
        _ => literal.ValueKind is JsonValueKind.Number && literal.GetDouble() >= 0 && literal.GetDouble() < LatestTimestamp,
    };

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
