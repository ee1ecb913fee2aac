using System.Globalization;
using System.Net;
using System.Text;

namespace OrleansInference.SideBySide.Reports;

/// <summary>Bars that belong together, drawn to one scale.</summary>
internal sealed record BarGroup(string Title, IReadOnlyList<Bar> Bars);

internal sealed record Bar(string Name, double Value);

/// <summary>Horizontal bars as SVG, readable on light and dark pages; the first bar of a group stands out.</summary>
internal static class BarChart
{
    private const int Width = 820;
    private const int NameWidth = 230;
    private const int ValueWidth = 70;
    private const int BarHeight = 18;
    private const int RowHeight = 24;
    private const int TitleHeight = 34;

    public static string Draw(string title, IReadOnlyList<BarGroup> groups)
    {
        var height = 40 + groups.Sum(group => TitleHeight + (group.Bars.Count * RowHeight)) + 10;
        var svg = new StringBuilder();
        svg.AppendLine(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" width=\"{Width}\" height=\"{height}\" font-family=\"system-ui, sans-serif\" font-size=\"13\">");
        svg.AppendLine("<style>text { fill: #1f2328 } .ours { fill: #0969da } .other { fill: #8c959f } @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }</style>");
        svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"10\" y=\"24\" font-size=\"16\" font-weight=\"600\">{WebUtility.HtmlEncode(title)}</text>");
        var y = 40;
        foreach (var group in groups)
        {
            svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"10\" y=\"{y + 22}\" font-weight=\"600\">{WebUtility.HtmlEncode(group.Title)}</text>");
            y += TitleHeight;
            var most = group.Bars.Max(bar => bar.Value);
            for (var i = 0; i < group.Bars.Count; i++, y += RowHeight) Draw(svg, group.Bars[i], most, y, i == 0 ? "ours" : "other");
        }

        return svg.AppendLine("</svg>").ToString();
    }

    private static void Draw(StringBuilder svg, Bar bar, double most, int y, string style)
    {
        var length = (Width - NameWidth - ValueWidth) * bar.Value / most;
        svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{NameWidth - 8}\" y=\"{y + 14}\" text-anchor=\"end\">{WebUtility.HtmlEncode(bar.Name)}</text>");
        svg.AppendLine(CultureInfo.InvariantCulture, $"<rect class=\"{style}\" x=\"{NameWidth}\" y=\"{y}\" width=\"{length:F1}\" height=\"{BarHeight}\" rx=\"2\"/>");
        svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{NameWidth + length + 6:F1}\" y=\"{y + 14}\">{bar.Value:N0}</text>");
    }
}
