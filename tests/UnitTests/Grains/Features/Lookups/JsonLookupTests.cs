using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OrleansInference.Grains;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Lookups;
using UnitTests.Fakes;

namespace UnitTests.Grains.Features.Lookups;

public sealed class JsonLookupTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly TestDirectory _directory = new();
    private readonly LookupOptions _options = new()
    {
        Field = "terminal",
        Columns =
        {
            ["category"] = new FeatureColumnOptions { Type = "text", Default = "other" },
            ["weight"] = new FeatureColumnOptions { Default = "1" },
        },
    };

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("""{ "3155": { "category": "fuel", "weight": 1 }, "3156": { "category": "food", "weight": 2.5 } }""")]
    [InlineData("""[ { "terminal": "3156", "category": "food", "weight": 2.5, "more": [] } ]""")]
    [InlineData("""[ { "terminal": 3156, "category": "food", "weight": 2.5 }, ] // The last comma is an editor's.""")]
    [InlineData("""[ { "terminal": 3156.0, "category": "food", "weight": 2.5 } ]""")]
    public async Task ReadAsync_KnownKey_GivesItsEntry(string json) =>
        Assert.Equal([FeatureValue.Of("food"), FeatureValue.Of(2.5)], (await ReadAsync(json)).Values);

    [Theory]
    [InlineData("""{ "3156": { "category": null }, "1": { "category": "x", "weight": 2 } }""")]
    [InlineData("""{ "3155": { "category": "fuel", "weight": 1 } }""")]
    [InlineData("{}")]
    [InlineData("[]")]
    public async Task ReadAsync_KeyOrValueNotThere_GivesDefaultsWithoutDegrading(string json)
    {
        var row = await ReadAsync(json);

        Assert.Equal([FeatureValue.Of("other").AsDefault(), FeatureValue.Of(1).AsDefault()], row.Values);
        Assert.False(row.Degraded);
    }

    [Fact]
    public async Task ReadAsync_KeyColumnAndSourceNamed_AreReadFromThere()
    {
        _options.KeyColumn = "id";
        _options.Columns["category"].Source = "kind";

        Assert.Equal("food", (await ReadAsync("""[ { "id": "3156", "kind": "food", "weight": 1 } ]""")).Values[0].Text);
    }

    [Theory]
    [InlineData("5", "{0} holds Number. Write an object of objects by key, or an array of objects.")]
    [InlineData("""{ "1": 5 }""", "{0}: the entry '1' is Number, not an object of columns. Correct it.")]
    [InlineData("""[ [] ]""", "{0}: the entry number 0 is Array, not an object of columns. Correct it.")]
    [InlineData("""[ { "id": 1, "category": "a", "weight": 1 } ]""", "{0}: the entry number 0 has no key in 'terminal'. Add a string or a number, or correct Inference:Lookups:categories:KeyColumn.")]
    [InlineData("""{ "1": { "weight": 1 } }""", "{0} has no column 'category'. Add it, or correct Inference:Lookups:categories.")]
    [InlineData("""{ "1": { "category": "a", "weight": "much" } }""", "{0}: weight of '1' is \"much\", which is not a finite number.")]
    [InlineData("""{ "1": { "category": 7, "weight": 1 } }""", "{0}: category of '1' is 7, which is not a text.")]
    [InlineData("""{ "1": { "category": "a", "weight": 1 }, "1": { "category": "b", "weight": 1 } }""", "{0}: the key '1' stands twice. Keep one of the entries.")]
    public void Constructor_BadFile_NamesFileEntryAndFault(string json, string message) =>
        Assert.Equal(message, Assert.Throws<InferenceStartupException>(() => Load(json)).Message.Replace(_directory.PathOf("lookup.json"), "{0}", StringComparison.Ordinal));

    [Theory]
    [InlineData("")]
    [InlineData("{ \"1\": ")]
    [InlineData("""{ "1": { "category": "\ud800", "weight": 1 } }""")]
    public void Constructor_NoJson_NamesFileAndSetting(string json)
    {
        var fault = Assert.Throws<InferenceStartupException>(() => Load(json)).Message;

        Assert.StartsWith($"{_directory.PathOf("lookup.json")} is no JSON: ", fault, StringComparison.Ordinal);
        Assert.EndsWith("Correct it, or Inference:Lookups:categories:Path.", fault, StringComparison.Ordinal);
    }

    private Lookup Load(string json) =>
        new("categories", _options, _directory.Write("lookup.json", json), _time, FakeMeterFactory.Instruments, NullLogger<Lookup>.Instance);

    private async Task<FeatureRow> ReadAsync(string json) => await Load(json).ReadAsync(new RequestBuilder(_time).With("terminal", "3156").Query());
}
