using System.Globalization;

namespace OrleansInference.SideBySide.Measuring;

/// <summary>The median of some figures, and the least and the most of them.</summary>
internal readonly record struct Spread(double Median, double Least, double Most)
{
    public static Spread Of(IEnumerable<double> figures)
    {
        var sorted = figures.Order().ToArray();
        return new Spread(sorted[sorted.Length / 2], sorted[0], sorted[^1]);
    }

    public static Spread Of(double figure) => new(figure, figure, figure);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Median:0.00} ({Least:0.00} to {Most:0.00})");
}
