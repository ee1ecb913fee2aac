using System.Globalization;

namespace OrleansInference.Grains.Features;

/// <summary>A feature in the configuration of a view, an external service or a lookup.</summary>
public sealed class FeatureColumnOptions
{
    /// <summary><c>number</c> or <c>text</c>. Default: number.</summary>
    public string Type { get; set; } = "number";

    /// <summary>The column or property to read. Default: the feature's own name.</summary>
    public string? Source { get; set; }

    /// <summary>The value when the source has none. Required for features that a model takes as input. Default: none.</summary>
    public string? Default { get; set; }

    /// <summary>Turns the configured columns of one source into features, and reports what cannot be one.</summary>
    public static FeatureColumn[] Compile(string section, IDictionary<string, FeatureColumnOptions> columns)
    {
        if (columns.Count == 0)
            throw new InferenceStartupException($"{section}:Columns is empty. List the features that this source gives.");

        return [.. columns.Select(column => column.Value.Compile($"{section}:Columns:{column.Key}", column.Key))];
    }

    private FeatureColumn Compile(string section, string name)
    {
        var type = Type.ToLowerInvariant() switch
        {
            "number" => FeatureType.Number,
            "text" => FeatureType.Text,
            _ => throw new InferenceStartupException($"{section}:Type is '{Type}'. Set it to 'number' or 'text'."),
        };
        return new FeatureColumn(name, type, Source ?? name, ParseDefault(section, type));
    }

    private FeatureValue ParseDefault(string section, FeatureType type)
    {
        if (Default is null) return FeatureValue.Missing;
        if (type is FeatureType.Text) return FeatureValue.Of(Default).AsDefault();

        return double.TryParse(Default, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? FeatureValue.Of(number).AsDefault()
            : throw new InferenceStartupException($"{section}:Default is '{Default}', which is not a finite number. Correct it, or set Type to 'text'.");
    }
}
