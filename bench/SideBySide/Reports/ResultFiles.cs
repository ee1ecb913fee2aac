using System.Text.Json;
using OrleansInference.SideBySide.Measuring;

namespace OrleansInference.SideBySide.Reports;

/// <summary>The results of a run, as Markdown, JSON and pictures.</summary>
internal sealed class ResultFiles(string folder)
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public void Write(IReadOnlyList<WorkloadResult> results)
    {
        File.WriteAllText(Markdown, $"{Machine.Describe()}{Environment.NewLine}{Environment.NewLine}{string.Join(Environment.NewLine, results.Select(MarkdownReport.Write))}");
        File.WriteAllText(Figures, JsonSerializer.Serialize(results.Select(ToJson), Json));
        File.WriteAllText(Picture, BarChart.Draw("Requests a second, two cores shared with the load generator", [.. results.Where(result => result.IsAtPeak && result.Contestants.Count > 1).Select(ToBars)]));
    }

    public override string ToString() => $"{Markdown}, {Figures}, {Picture}";

    private string Markdown => Path.Combine(folder, "results.md");

    private string Figures => Path.Combine(folder, "results.json");

    private string Picture => Path.Combine(folder, "requests-per-second.svg");

    private static BarGroup ToBars(WorkloadResult result) =>
        new($"{result.Letter}: {result.Title}", [.. result.Contestants.Select(contestant => new Bar(contestant.Name, contestant.Median(turn => turn.PerSecond)))]);

    private static object ToJson(WorkloadResult result) => new
    {
        result.Letter,
        result.Title,
        Contestants = result.Contestants.Select(contestant => new
        {
            contestant.Name,
            Turns = contestant.Turns.Select(turn => new
            {
                turn.PerSecond,
                P50Ms = turn.Load.Milliseconds(50),
                P99Ms = turn.Load.Milliseconds(99),
                P999Ms = turn.Load.Milliseconds(99.9),
                turn.CpuMicroseconds,
                turn.ResidentBytes,
                turn.Load.Failures,
            }),
        }),
        Aims = result.Aims.Select(aim => new { aim.What, aim.Measured, aim.Wanted, aim.AtMost, aim.IsMet }),
        result.Notes,
    };
}
