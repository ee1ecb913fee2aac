using Microsoft.Extensions.Time.Testing;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Lookups;
using UnitTests.Fakes;

namespace UnitTests.Grains.Features.Lookups;

/// <summary>What a lookup serves while its file changes under it.</summary>
public sealed class LookupReloadTests : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider _time = new();
    private readonly TestDirectory _directory = new();
    private readonly RecordedMetrics _metrics = new();
    private readonly FakeLogger<Lookup> _logger = new();
    private readonly Lookup _lookup;

    public LookupReloadTests() => _lookup = new Lookup(
        "weights",
        new LookupOptions { Field = "terminal", Columns = { ["weight"] = new FeatureColumnOptions { Default = "-1" } } },
        Write("1"),
        _time,
        _metrics.Instruments,
        _logger);

    public void Dispose()
    {
        _metrics.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Look_FileChanged_ServesItAfterTwoLooksWithTheAgeOfTheReading()
    {
        _time.Advance(TimeSpan.FromHours(1));
        Write("22");

        _lookup.Look();
        Assert.Equal(1, await ReadAsync());
        _lookup.Look();
        Assert.Equal(22, await ReadAsync());

        _time.Advance(Interval);
        Assert.Equal(Interval, _time.GetElapsedTime((await RowAsync()).ReadAt));
        Assert.Equal(["Lookup weights serves 1 rows of the changed file " + _directory.PathOf("weights.csv")], _logger.Messages);
    }

    [Fact]
    public async Task Look_FileReplacedByRename_ServesIt()
    {
        var other = _directory.Write("other.csv", "terminal,weight\n3156,2\n");
        File.SetLastWriteTimeUtc(other, File.GetLastWriteTimeUtc(_directory.PathOf("weights.csv")).AddSeconds(1));
        File.Move(other, _directory.PathOf("weights.csv"), overwrite: true);

        Look(2);

        Assert.Equal(2, await ReadAsync());
    }

    [Fact]
    public async Task Look_LinkPointsElsewhere_ServesTheNewTarget()
    {
        var first = _directory.Write("first.csv", "terminal,weight\n3156,1\n");
        var second = _directory.Write("second.csv", "terminal,weight\n3156,22\n");
        var link = _directory.PathOf("weights.csv");
        File.Delete(link);
        File.CreateSymbolicLink(link, first);
        Look(2);
        File.Delete(link);
        File.CreateSymbolicLink(link, second);

        Look(2);

        Assert.Equal(22, await ReadAsync());
    }

    [Fact]
    public async Task Look_FileInvalid_KeepsTheOldValuesAndTellsOnce()
    {
        Write("much");

        Look(10);

        Assert.Equal(1, await ReadAsync());
        var file = _directory.PathOf("weights.csv");
        Assert.Equal($"{file}:2: weight is 'much', which is not a finite number.", _lookup.LastError);
        Assert.Equal([$"Lookup weights keeps its old values, since the changed file cannot be used: {_lookup.LastError}"], _logger.Messages);
        Assert.Equal(1, _metrics.Count("inference.lookups.reloads", "outcome", "failed"));
    }

    [Fact]
    public async Task Look_AnotherInvalidFile_TellsAgain()
    {
        Write("much");
        Look(2);
        Write("more than much");
        Look(2);

        Assert.Equal(1, await ReadAsync());
        Assert.Equal(2, _metrics.Count("inference.lookups.reloads", "outcome", "failed"));
    }

    [Fact]
    public async Task Look_InvalidFileCorrected_ServesItAndForgetsTheError()
    {
        Write("much");
        Look(2);
        Write("333");
        Look(2);

        Assert.Equal(333, await ReadAsync());
        Assert.Null(_lookup.LastError);
        Assert.Equal(1, _metrics.Count("inference.lookups.reloads", "outcome", "succeeded"));
    }

    [Fact]
    public async Task Look_FileGone_KeepsTheOldValuesUntilItIsBack()
    {
        File.Delete(_directory.PathOf("weights.csv"));
        Look(3);
        Assert.Equal(1, await ReadAsync());
        Assert.Contains("does not exist", _lookup.LastError, StringComparison.Ordinal);

        Write("22");
        Look(2);

        Assert.Equal(22, await ReadAsync());
    }

    [Fact]
    public async Task Look_FileStillBeingWritten_WaitsUntilItStaysTheSame()
    {
        Write("22");
        _lookup.Look();
        Write("333");
        _lookup.Look();
        Assert.Equal(1, await ReadAsync());

        _lookup.Look();

        Assert.Equal(333, await ReadAsync());
    }

    [Fact]
    public void Look_FileUnchanged_ReadsNothing()
    {
        Look(5);

        Assert.Empty(_logger.Messages);
    }

    private string Write(string weight) => _directory.Write("weights.csv", $"terminal,weight\n3156,{weight}\n");

    private void Look(int times)
    {
        for (var i = 0; i < times; i++) _lookup.Look();
    }

    private async Task<FeatureRow> RowAsync() => await _lookup.ReadAsync(new RequestBuilder(_time).With("terminal", "3156").Query());

    private async Task<double> ReadAsync() => (await RowAsync()).Values[0].Number;
}
