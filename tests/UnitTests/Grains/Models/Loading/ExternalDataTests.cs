using System.Runtime.InteropServices;
using OrleansInference;
using OrleansInference.Grains;
using OrleansInference.Grains.Models.Loading;
using OrleansInference.Grains.Models.Sessions;
using UnitTests.Fakes;

namespace UnitTests.Grains.Models.Loading;

/// <summary>Weights beside the model are read, but from nowhere else.</summary>
public sealed class ExternalDataTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("../../../secret.bin")]
    [InlineData("../../secret.bin")]
    [InlineData("..\\..\\secret.bin")]
    [InlineData("sub/../../../secret.bin")]
    [InlineData("/etc/hostname")]
    public void Check_LocationOutside_IsRefusedByName(string location)
    {
        var file = Write(OnnxFile.WithExternalData(location));

        var fault = Assert.Throws<InferenceStartupException>(() => ExternalData.ThrowIfOutside(file)).Message;

        Assert.StartsWith($"{file}: it keeps data in '{location}', which is outside the version's folder {_directory.PathOf("m", "1")}.", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_LocationInABranchOfABranch_IsFound() =>
        Assert.Equal(["../../secret.bin"], ExternalData.Locations(Write(OnnxFile.WithExternalDataInABranch("../../secret.bin"))));

    [Fact]
    public void Check_LinkOutOfTheFolder_IsRefused()
    {
        var file = Write(OnnxFile.WithExternalData("weights.bin"));
        _directory.Write("secret.bin", "secret");
        File.CreateSymbolicLink(_directory.PathOf("m", "1", "weights.bin"), _directory.PathOf("secret.bin"));

        Assert.Throws<InferenceStartupException>(() => ExternalData.ThrowIfOutside(file));
    }

    [Fact]
    public void Check_NoOnnxFile_LeavesTheFaultToTheRuntime()
    {
        ExternalData.ThrowIfOutside(Write([1, 2, 3, 255, 255, 255, 255]));
        ExternalData.ThrowIfOutside(Write([]));
    }

    [Fact]
    public void Load_WeightsBesideTheModel_AreUsed()
    {
        var file = Write(OnnxFile.WithExternalData("weights.bin"));
        File.WriteAllBytes(_directory.PathOf("m", "1", "weights.bin"), MemoryMarshal.AsBytes<float>([1, 2, 3, 4]).ToArray());

        ExternalData.ThrowIfOutside(file);
        using var session = new OnnxModelSessionFactory().Load(file);
        var outputs = session.Run([Tensor.Create<float>("x", TensorDatatype.FP32, [4], [10, 20, 30, 40])], CancellationToken.None);

        Assert.Equal([11, 22, 33, 44], outputs[0].Elements<float>().ToArray());
    }

    /// <summary>The runtime's own answer: a second lock, which ours does not depend on.</summary>
    [Theory]
    [InlineData("../../secret.bin")]
    [InlineData("../secret.bin")]
    [InlineData("/etc/hostname")]
    public void Load_LocationOutside_IsRefusedByTheRuntimeToo(string location)
    {
        var file = Write(OnnxFile.WithExternalData(location));
        foreach (var folder in new[] { "", "m" }) File.WriteAllBytes(_directory.PathOf(folder, "secret.bin"), new byte[16]);

        Assert.Throws<InferenceStartupException>(() => new OnnxModelSessionFactory().Load(file));
    }

    private string Write(byte[] model)
    {
        var file = _directory.Write("m/1/model.onnx", "");
        File.WriteAllBytes(file, model);
        return file;
    }
}
