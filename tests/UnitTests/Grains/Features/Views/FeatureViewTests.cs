using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;
using UnitTests.Fakes;

namespace UnitTests.Grains.Features.Views;

public sealed class FeatureViewTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeFeatureDatabase _database = new();

    [Fact]
    public async Task QueryAsync_NoRow_GivesDefaultsWithoutDegrading()
    {
        var row = (await View().QueryAsync("42")).Row;

        Assert.Equal([FeatureValue.Of(7).AsDefault(), FeatureValue.Missing], row.Values);
        Assert.False(row.Degraded);
    }

    [Fact]
    public async Task QueryAsync_NullInAColumn_GivesItsDefault()
    {
        _database.Answer = () => Task.FromResult<FeatureValue[]?>([FeatureValue.Missing, FeatureValue.Of("x")]);

        var row = (await View().QueryAsync("42")).Row;

        Assert.Equal([FeatureValue.Of(7).AsDefault(), FeatureValue.Of("x")], row.Values);
    }

    [Fact]
    public async Task QueryAsync_Row_IsReadWhenTheAnswerCame()
    {
        _database.Answer = () =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult<FeatureValue[]?>(null);
        };

        var row = (await View().QueryAsync("42")).Row;

        Assert.Equal(_time.GetTimestamp(), row.ReadAt);
    }

    [Fact]
    public async Task QueryAsync_DatabaseFails_IsStorageUnavailableNamingTheView()
    {
        _database.Answer = () => Task.FromException<FeatureValue[]?>(new FeatureDatabaseException("it is locked"));

        var failure = await Assert.ThrowsAsync<InferenceException>(() => View().QueryAsync("42"));

        Assert.Equal((InferenceErrorCode.StorageUnavailable, TimeSpan.FromSeconds(1)), (failure.Code, failure.RetryAfter));
        Assert.Equal("The database of feature view spending did not answer: it is locked", failure.Message);
    }

    [Fact]
    public void Constructor_NoColumns_IsRefused()
    {
        var fault = Assert.Throws<InferenceStartupException>(() => View(new FeatureViewOptions()));

        Assert.Equal("Inference:FeatureViews:spending:Columns is empty. List the features that this source gives.", fault.Message);
    }

    [Theory]
    [InlineData("integer", null, "Inference:FeatureViews:spending:Columns:count:Type is 'integer'. Set it to 'number' or 'text'.")]
    [InlineData("number", "many", "Inference:FeatureViews:spending:Columns:count:Default is 'many', which is not a finite number. Correct it, or set Type to 'text'.")]
    [InlineData("number", "Infinity", "Inference:FeatureViews:spending:Columns:count:Default is 'Infinity', which is not a finite number. Correct it, or set Type to 'text'.")]
    public void Constructor_BadColumn_IsRefused(string type, string? value, string message)
    {
        var options = new FeatureViewOptions { Columns = { ["count"] = new FeatureColumnOptions { Type = type, Default = value } } };

        Assert.Equal(message, Assert.Throws<InferenceStartupException>(() => View(options)).Message);
    }

    private FeatureView View() => View(new FeatureViewOptions
    {
        Columns = { ["count"] = new FeatureColumnOptions { Default = "7" }, ["name"] = new FeatureColumnOptions { Type = "Text" } },
    });

    private FeatureView View(FeatureViewOptions options) =>
        new("spending", options, _database, _time, FakeMeterFactory.Instruments, NullLogger<FeatureView>.Instance);
}
