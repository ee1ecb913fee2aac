using OrleansInference.Grains;
using OrleansInference.Grains.Models.Loading;
using UnitTests.Fakes;

namespace UnitTests.Grains.Models.Loading;

public sealed class FileDigestTests : IDisposable
{
    // sha256sum of "abc"
    private const string Abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData(Abc)]
    [InlineData("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD")]
    public void Check_SameOrNotGiven_Passes(string? expected) => FileDigest.ThrowIfOther(_directory.Write("model.onnx", "abc"), expected);

    [Fact]
    public void Check_AnotherFile_NamesBothDigests()
    {
        var (file, expected) = (_directory.Write("model.onnx", "abc"), new string('0', 64));

        Assert.Equal(
            $"{file}: its SHA-256 is {Abc}, but versions.sha256 in the manifest says {expected}. Copy the file again, or correct the manifest.",
            Assert.Throws<InferenceStartupException>(() => FileDigest.ThrowIfOther(file, expected)).Message);
    }
}
