using OrleansInference.Grains;
using OrleansInference.Grains.Models.Manifest;

namespace UnitTests.Grains.Models.Manifest;

public sealed class ManifestFaultsTests
{
    private readonly ManifestFaults _faults = new("model.json", new JsonLines("{\n \"a\": 1,\n \"b\": 2 }"u8));

    [Fact]
    public void ThrowIfAny_None_IsQuiet() => Assert.Null(Record.Exception(_faults.ThrowIfAny));

    [Fact]
    public void ThrowIfAny_Several_NamesEachWithItsLine()
    {
        _faults.Add("b", "is odd. Mend it.");
        _faults.Add("a", "is even. Mend it.");

        Assert.Equal(
            $"model.json:3: b: is odd. Mend it.{Environment.NewLine}model.json:2: a: is even. Mend it.",
            Assert.Throws<InferenceStartupException>(_faults.ThrowIfAny).Message);
    }
}
