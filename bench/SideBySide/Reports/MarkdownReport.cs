using System.Globalization;
using System.Text;
using OrleansInference.SideBySide.Measuring;

namespace OrleansInference.SideBySide.Reports;

/// <summary>Results as Markdown tables.</summary>
internal static class MarkdownReport
{
    public static string Write(WorkloadResult result)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"### {result.Letter}: {result.Title}").AppendLine();
        if (result.Contestants.Count > 0)
        {
            text.AppendLine("| | requests/s | p50 ms | p99 ms | p99.9 ms | CPU us each | resident MiB |");
            text.AppendLine("| --- | --- | --- | --- | --- | --- | --- |");
            foreach (var contestant in result.Contestants) text.AppendLine(Row(contestant));
            text.AppendLine();
        }

        foreach (var note in result.Notes) text.AppendLine(note).AppendLine();
        if (result.Aims.Count > 0)
        {
            text.AppendLine("| compared | median (least to most) | wanted | |");
            text.AppendLine("| --- | --- | --- | --- |");
            foreach (var aim in result.Aims)
                text.AppendLine(CultureInfo.InvariantCulture, $"| {aim.What} | {aim.Measured} | {(aim.AtMost ? "at most" : "at least")} {aim.Wanted:0.##} | {(aim.IsMet ? "met" : "short")} |");
        }

        return text.ToString();
    }

    private static string Row(ContestantTurns contestant) => string.Create(
        CultureInfo.InvariantCulture,
        $"| {contestant.Name} | {contestant.Median(turn => turn.PerSecond):F0} | {Latency(contestant, 50)} | {Latency(contestant, 99)} | {Latency(contestant, 99.9)} | {contestant.Median(turn => turn.CpuMicroseconds):F0} | {contestant.Median(turn => turn.ResidentBytes) / (1024 * 1024):F0} |");

    private static string Latency(ContestantTurns contestant, double percentile) =>
        contestant.Median(turn => turn.Load.Milliseconds(percentile)).ToString("0.0", CultureInfo.InvariantCulture);
}
