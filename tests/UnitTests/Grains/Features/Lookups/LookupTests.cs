using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OrleansInference.Grains;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Lookups;
using UnitTests.Fakes;

namespace UnitTests.Grains.Features.Lookups;

public sealed class LookupTests : IDisposable
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

    [Fact]
    public async Task ReadAsync_KnownKey_GivesItsLine()
    {
        var row = await ReadAsync("terminal,category,weight\n3155,fuel,0.5\n3156,food,2.5\n");

        Assert.Equal([FeatureValue.Of("food"), FeatureValue.Of(2.5)], row.Values);
    }

    [Fact]
    public async Task ReadAsync_UnknownKey_GivesDefaultsWithoutDegrading()
    {
        var row = await ReadAsync("terminal,category,weight\n3155,fuel,0.5\n");

        Assert.Equal([FeatureValue.Of("other").AsDefault(), FeatureValue.Of(1).AsDefault()], row.Values);
        Assert.False(row.Degraded);
    }

    [Theory]
    [InlineData("terminal,category,weight\n3156,,\n")]
    [InlineData("terminal,category,weight\n3156\n")]
    public async Task ReadAsync_EmptyCells_AreDefaults(string csv)
    {
        var row = await ReadAsync(csv);

        Assert.Equal([FeatureValue.Of("other").AsDefault(), FeatureValue.Of(1).AsDefault()], row.Values);
    }

    [Fact]
    public async Task ReadAsync_NumberAsField_IsLookedUpByItsText()
    {
        Load("terminal,category,weight\n3156,food,1\n");
        var lookup = Open(_directory.PathOf("lookup.csv"));

        var row = await lookup.ReadAsync(new RequestBuilder(_time).Declare("terminal", DeclaredFieldType.Number).Send("terminal", 3156).Query());

        Assert.Equal("food", row.Values[0].Text);
    }

    [Fact]
    public async Task ReadAsync_KeyColumnAndSourceNamed_AreReadFromThere()
    {
        _options.KeyColumn = "id";
        _options.Columns["category"].Source = "kind";

        Assert.Equal("food", (await ReadAsync("weight,kind,id\n1,food,3156\n")).Values[0].Text);
    }

    [Fact]
    public async Task ReadAsync_QuotedCells_AreUnquoted() =>
        Assert.Equal("food, and \"drink\"", (await ReadAsync("terminal,category,weight\n3156,\"food, and \"\"drink\"\"\",1\n")).Values[0].Text);

    [Fact]
    public void Constructor_NoFile_NamesTheFileAndTheSetting()
    {
        var file = _directory.PathOf("none.csv");

        var fault = Assert.Throws<InferenceStartupException>(() => Open(file));

        Assert.Equal($"The file {file} does not exist. Correct Inference:Lookups:categories:Path.", fault.Message);
    }

    [Theory]
    [InlineData("id,category,weight\n1,food,1\n", "{0} has no column 'terminal'. Add it, or correct Inference:Lookups:categories.")]
    [InlineData("terminal,weight\n1,1\n", "{0} has no column 'category'. Add it, or correct Inference:Lookups:categories.")]
    [InlineData("terminal,category,weight\n1,a,1\n2,b,1\n1,c,1\n", "{0}:4: the key '1' stands twice. Keep one of the lines.")]
    [InlineData("terminal,category,weight\n1,a,1\n2,b,much\n", "{0}:3: weight is 'much', which is not a finite number.")]
    [InlineData("terminal,category,weight\n1,a,Infinity\n", "{0}:2: weight is 'Infinity', which is not a finite number.")]
    public void Constructor_BadFile_NamesFileLineAndFault(string csv, string message)
    {
        var fault = Assert.Throws<InferenceStartupException>(() => Load(csv));

        Assert.Equal(message, fault.Message.Replace(_directory.PathOf("lookup.csv"), "{0}", StringComparison.Ordinal));
    }

    [Fact]
    public void Constructor_EmptyFile_IsRefusedByName() =>
        Assert.Contains("lookup.csv", Assert.Throws<InferenceStartupException>(() => Load("")).Message, StringComparison.Ordinal);

    [Fact]
    public void Constructor_QuoteNeverClosed_IsRefusedByName() =>
        Assert.Contains(
            "lookup.csv", Assert.Throws<InferenceStartupException>(() => Load("terminal,category,weight\n1,\"a\"b,1\n")).Message, StringComparison.Ordinal);

    [Fact]
    public void RequestFields_Always_IsTheKeyField() => Assert.Equal(["terminal"], Load("terminal,category,weight\n").RequestFields);

    private Lookup Load(string csv) => Open(_directory.Write("lookup.csv", csv));

    private Lookup Open(string file) => new("categories", _options, file, _time, FakeMeterFactory.Instruments, NullLogger<Lookup>.Instance);

    private async Task<FeatureRow> ReadAsync(string csv) => await Load(csv).ReadAsync(new RequestBuilder(_time).With("terminal", "3156").Query());
}
