using System.Globalization;

namespace OrleansInference.Api.OpenInference;

/// <summary>A parameter of the protocol: a boolean, a number or a string, whichever wire it came over.</summary>
internal readonly struct ParameterValue
{
    private ParameterValue(string display) => Display = display;

    public bool? Boolean { get; private init; }

    /// <summary>Set for whole numbers only; those beyond an INT64 have only a <see cref="Display"/>.</summary>
    public long? Integer { get; private init; }

    public string? Text { get; private init; }

    /// <summary>What came, for messages; cut where it is long.</summary>
    public string Display { get; }

    public static implicit operator ParameterValue(bool value) => new(value ? "true" : "false") { Boolean = value };

    public static implicit operator ParameterValue(long value) => new(value.ToString(CultureInfo.InvariantCulture)) { Integer = value };

    public static implicit operator ParameterValue(double value) =>
        value == Math.Truncate(value) && Math.Abs(value) < long.MaxValue ? (long)value : new ParameterValue(value.ToString(CultureInfo.InvariantCulture));

    public static implicit operator ParameterValue(ulong value) =>
        value <= long.MaxValue ? (long)value : new ParameterValue(value.ToString(CultureInfo.InvariantCulture));

    public static implicit operator ParameterValue(string value) => new($"'{FieldError.Quote(value)}'") { Text = value };
}
