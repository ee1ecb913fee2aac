extern alias bench;

using System.Xml.Linq;
using bench::OrleansInference.SideBySide.Load;
using bench::OrleansInference.SideBySide.Measuring;
using bench::OrleansInference.SideBySide.Reports;

namespace IntegrationTests.Benchmarks;

/// <summary>What bench/ makes of figures.</summary>
public sealed class ReportTests
{
    [Fact]
    public void Over_MachineSlowsDownBetweenRounds_ComparesWithinEachRound()
    {
        var ours = Contestant("ours", 200, 100, 20);
        var other = Contestant("other", 100, 50, 10);

        Assert.Equal(new Spread(2, 2, 2), ours.Over(other, turn => turn.PerSecond));
    }

    [Theory]
    [InlineData(1.2, false, true)]
    [InlineData(1.1, false, false)]
    [InlineData(1.2, true, true)]
    [InlineData(1.3, true, false)]
    public void IsMet_AgainstOnePointTwo_IsWhatTheAimSays(double measured, bool atMost, bool met) =>
        Assert.Equal(met, new Aim("x", Spread.Of(measured), 1.2, atMost).IsMet);

    [Fact]
    public void Write_Result_HasEveryContestantAndAim()
    {
        var result = new WorkloadResult("A", "warm", [Contestant("ours", 3, 1, 2)], [new Aim("ours over theirs", Spread.Of([1.5, 1.1, 1.3]), 1.2)]);

        var text = MarkdownReport.Write(result);

        Assert.Contains("### A: warm", text, StringComparison.Ordinal);
        Assert.Contains("| ours | 2 | 1.0 | 1.0 | 1.0 | 1000000 | 1 |", text, StringComparison.Ordinal);
        Assert.Contains("| ours over theirs | 1.30 (1.10 to 1.50) | at least 1.2 | met |", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Draw_NamesWithMarkup_IsWellFormedXml()
    {
        var svg = XDocument.Parse(BarChart.Draw("a < b", [new BarGroup("A & B", [new Bar("ours", 2), new Bar("\"other\"", 1)])]));

        Assert.Equal(2, svg.Descendants("{http://www.w3.org/2000/svg}rect").Count());
    }

    private static ContestantTurns Contestant(string name, params long[] answers) => new(name, [.. answers.Select(Turn)]);

    private static Turn Turn(long answers)
    {
        var latencies = Latencies.Create();
        Latencies.Record(latencies, TimeSpan.FromMilliseconds(1));
        return new Turn(new LoadResult(answers, 0, TimeSpan.FromSeconds(1), latencies), TimeSpan.FromSeconds(answers), TimeSpan.FromSeconds(1), 1024 * 1024);
    }
}
