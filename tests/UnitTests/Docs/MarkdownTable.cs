using UnitTests.Architecture;

namespace UnitTests.Docs;

/// <summary>A table of a page of docs/, as its reader sees it.</summary>
internal static class MarkdownTable
{
    /// <summary>The cells of each row of the table with that header; a page has one such table.</summary>
    public static string[][] Read(string page, string header)
    {
        var lines = File.ReadAllLines(SourceTree.File("docs", page));
        var top = Array.IndexOf(lines, header);
        Assert.True(top >= 0, $"docs/{page} has no table with the header {header}");
        return [.. lines.Skip(top + 2).TakeWhile(line => line.StartsWith('|')).Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..^1])];
    }
}
