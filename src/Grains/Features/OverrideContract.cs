using System.Collections.Frozen;

namespace OrleansInference.Grains.Features;

/// <summary>The features that a model's callers may override; turns what came into values or into faults.</summary>
public sealed class OverrideContract
{
    /// <summary>No feature can be overridden.</summary>
    public static readonly OverrideContract None = new("", [], [], 0);

    private readonly string _unknown;
    private readonly int _count;
    private readonly FrozenDictionary<string, (int Feature, FeatureType Type)> _features;

    /// <param name="model">The model.</param>
    /// <param name="names">Every feature, by position.</param>
    /// <param name="columns">What each holds.</param>
    /// <param name="first">The position of the first that is no field of the request: those are sent as fields.</param>
    public OverrideContract(string model, IReadOnlyList<string> names, IReadOnlyList<FeatureColumn> columns, int first)
    {
        _count = names.Count;
        _features = Enumerable.Range(first, names.Count - first).ToFrozenDictionary(i => names[i], i => (i, columns[i].Type));
        _unknown = $"is not a feature of model {model} that can be overridden; those are {(_features.Count == 0 ? "(none)" : string.Join(", ", _features.Keys.Order(StringComparer.Ordinal)))}";
    }

    /// <summary>The values; the faults are added to <paramref name="faults"/>.</summary>
    public FeatureOverride[] Bind(IReadOnlyList<RequestField> overrides, List<FieldError> faults)
    {
        if (overrides.Count == 0) return [];
        var bound = new FeatureOverride[overrides.Count];
        var sent = new bool[_count];
        for (var i = 0; i < bound.Length; i++)
        {
            var (name, value) = overrides[i];
            if (Read(name, value, sent, out bound[i]) is { } fault)
                faults.Add(faults.IsFlood() ? FaultFlood.Untold : new FieldError($"features.{FieldError.Quote(name)}", fault, value.ToDisplay()));
        }

        return bound;
    }

    private string? Read(string name, RequestValue value, bool[] sent, out FeatureOverride read)
    {
        read = default;
        if (!_features.TryGetValue(name, out var feature)) return _unknown;
        if (sent[feature.Feature]) return "was sent twice; send it once";
        sent[feature.Feature] = true;
        if (feature.Type is FeatureType.Text) return ReadText(value, feature.Feature, out read);
        if (value.Kind is not (RequestValueKind.Number or RequestValueKind.Boolean)) return "must be a number";
        if (!double.IsFinite(value.Number)) return "must be a finite number";
        read = new FeatureOverride(feature.Feature, FeatureValue.Of(value.Number) with { Status = FeatureStatus.Overridden });
        return null;
    }

    private static string? ReadText(RequestValue value, int feature, out FeatureOverride read)
    {
        read = default;
        if (value.Kind is not RequestValueKind.Text) return "must be a string of valid Unicode";
        if (value.Text!.Length > DeclaredField.MaxTextLength) return $"must have at most {DeclaredField.MaxTextLength} characters, but has {value.Text.Length}";
        read = new FeatureOverride(feature, FeatureValue.Of(value.Text) with { Status = FeatureStatus.Overridden });
        return null;
    }
}
