using System.Globalization;

namespace OrleansInference.Grains.Features.Windows;

/// <summary>A window feature, compiled.</summary>
/// <param name="Feature">Its name and default.</param>
/// <param name="Aggregate">What it says of the events.</param>
/// <param name="Length">The window's length in ticks.</param>
/// <param name="Field">The name of the field; null for count and rate.</param>
public sealed record WindowColumn(FeatureColumn Feature, WindowAggregate Aggregate, long Length, string? Field)
{
    /// <summary>The field of events that have only one.</summary>
    public const string DefaultField = "value";

    private static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    /// <exception cref="InferenceStartupException">A setting is unknown or out of range.</exception>
    public static WindowColumn Compile(string section, string name, WindowColumnOptions options)
    {
        if (!Enum.TryParse<WindowAggregate>(options.Aggregate, ignoreCase: true, out var aggregate) || char.IsAsciiDigit(options.Aggregate[0]))
            throw new InferenceStartupException($"{section}:Aggregate is '{options.Aggregate}'. Set it to count, sum, mean, min, max, last, distinct or rate.");
        if (options.Window <= TimeSpan.Zero || options.Window > Longest)
            throw new InferenceStartupException($"{section}:Window is {options.Window}. Set it above zero and to {Longest} or less.");

        var field = aggregate is WindowAggregate.Count or WindowAggregate.Rate ? null : options.Of;
        return new WindowColumn(new FeatureColumn(name, FeatureType.Number, name, ParseDefault(section, aggregate, options.Default)), aggregate, options.Window.Ticks, field);
    }

    // An empty window has a count and a sum; what it has no answer for has the default.
    private static FeatureValue ParseDefault(string section, WindowAggregate aggregate, string? text)
    {
        var hasNone = aggregate is WindowAggregate.Count or WindowAggregate.Sum or WindowAggregate.Distinct or WindowAggregate.Rate;
        if (hasNone)
        {
            return text is null
                ? FeatureValue.Of(0)
                : throw new InferenceStartupException($"{section}:Default is '{text}', but {aggregate} of an empty window is 0. Remove the default.");
        }

        if (text is null) return FeatureValue.Missing;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? FeatureValue.Of(number).AsDefault()
            : throw new InferenceStartupException($"{section}:Default is '{text}', which is not a finite number. Correct it.");
    }
}
