using System.Text;
using OrleansInference.Grains;
using OrleansInference.Grains.Models.Caching;
using OrleansInference.Grains.Models.Manifest;

namespace UnitTests.Grains.Models.Caching;

public sealed class PredictionCacheOptionsTests
{
    [Fact]
    public void From_EmptySection_HasTheDefaults() =>
        Assert.Equal(new PredictionCacheOptions { MaxEntries = 10_000, Ttl = TimeSpan.FromMinutes(1) }, Read("{}"));

    [Fact]
    public void From_Section_TakesItsValues() => Assert.Equal(
        new PredictionCacheOptions { MaxEntries = 5, Ttl = TimeSpan.FromSeconds(2) }, Read("""{ "maxEntries": 5, "ttl": "00:00:02" }"""));

    [Theory]
    [InlineData("""{ "maxEntries": 0 }""", "model.json:1: cache.maxEntries: 0 is not in 1 to 10000000. Correct it, or remove it for 10000.")]
    [InlineData("""{ "maxEntries": 10000001 }""", "model.json:1: cache.maxEntries: 10000001 is not in 1 to 10000000. Correct it, or remove it for 10000.")]
    [InlineData("""{ "ttl": "00:00:00" }""", "model.json:1: cache.ttl: 00:00:00 is not more than zero. Correct it, or remove it for 00:01:00.")]
    public void From_OutOfRange_SaysWhatWouldBeRight(string section, string fault) =>
        Assert.Equal(fault, Assert.Throws<InferenceStartupException>(() => Read(section)).Message);

    private static PredictionCacheOptions Read(string section)
    {
        var (manifest, faults) = ManifestReader.Read("model.json", Encoding.UTF8.GetBytes($"{{ \"cache\": {section} }}"));
        var options = PredictionCacheOptions.From(manifest.Cache!, faults);
        faults.ThrowIfAny();
        return options;
    }
}
