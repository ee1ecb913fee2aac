using System.Globalization;

namespace OrleansInference.Grains.Features;

/// <summary>What a feature holds.</summary>
public enum FeatureType : byte
{
    Missing = 0,
    Number = 1,
    Text = 2,
}

/// <summary>How far a value can be trusted.</summary>
public enum FeatureStatus : byte
{
    Fresh = 0,
    Stale = 1,
    Default = 2,
    Overridden = 3,
    Approximate = 4,
}

/// <summary>One value of one feature, with its status. Booleans are 1 and 0; instants are Unix seconds.</summary>
public readonly record struct FeatureValue(FeatureType Type, double Number, string? Text, FeatureStatus Status)
{
    public static FeatureValue Missing => new(FeatureType.Missing, double.NaN, null, FeatureStatus.Default);

    public bool IsMissing => Type is FeatureType.Missing;

    public static FeatureValue Of(double number) => new(FeatureType.Number, number, null, FeatureStatus.Fresh);

    public static FeatureValue Of(string text) => new(FeatureType.Text, double.NaN, text, FeatureStatus.Fresh);

    public FeatureValue AsDefault() => this with { Status = FeatureStatus.Default };

    /// <summary>The value as a plain object for replies and messages: a double, a string or null.</summary>
    public object? ToObject() => Type switch
    {
        FeatureType.Number => Number,
        FeatureType.Text => Text,
        _ => null,
    };

    public override string ToString() => Type is FeatureType.Number ? Number.ToString("R", CultureInfo.InvariantCulture) : Text ?? "";
}
