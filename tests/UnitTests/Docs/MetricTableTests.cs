using System.Text.RegularExpressions;
using UnitTests.Architecture;
using UnitTests.Fakes;

namespace UnitTests.Docs;

/// <summary>The table of metrics in docs/operations.md, and those that docs/incidents.md names.</summary>
public sealed partial class MetricTableTests
{
    [Fact]
    public void Table_Instruments_AreThoseOfTheMeter()
    {
        using var metrics = new RecordedMetrics();

        var table = MarkdownTable.Read("operations.md", "| instrument | tags | what |").SelectMany(row => NamesIn(row[0]));

        Assert.Equal(metrics.Names.Order(StringComparer.Ordinal), table.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Incidents_Metrics_AreInstrumentsAsPrometheusNamesThem()
    {
        using var metrics = new RecordedMetrics();
        var stems = metrics.Names.Select(name => name.Replace('.', '_')).ToHashSet();

        var named = Exported().Matches(File.ReadAllText(SourceTree.File("docs", "incidents.md"))).Select(match => match.Value).ToArray();

        Assert.NotEmpty(named);
        Assert.DoesNotContain(named, name => !stems.Contains(Ending().Replace(name, "")));
    }

    // `inference.log.commit.duration`, `.size`: the second is inference.log.commit.size.
    private static IEnumerable<string> NamesIn(string cell)
    {
        var names = Code().Matches(cell).Select(match => match.Groups[1].Value).ToArray();
        var stem = names[0][..names[0].LastIndexOf('.')];
        return names.Select(name => name.StartsWith('.') ? stem + name : name);
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"(?<![.\w])inference_\w+")]
    private static partial Regex Exported();

    [GeneratedRegex("(_seconds)?(_total|_count|_bucket)?$")]
    private static partial Regex Ending();
}
