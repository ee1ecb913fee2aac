using OrleansInference;
using OrleansInference.Grains.Models.Planning;

namespace UnitTests.Grains.Models.Planning;

public sealed class PlannedOutputTests
{
    public static TheoryData<Tensor, double> Outputs => new()
    {
        { Tensor.Create<float>("y", TensorDatatype.FP32, [1, 2], [0.25f, 0.75f]), 0.75 },
        { Tensor.Create<double>("y", TensorDatatype.FP64, [1, 2], [0.1, 0.2]), 0.2 },
        { Tensor.Create<long>("y", TensorDatatype.INT64, [1, 2], [1, -7]), -7 },
        { Tensor.Create<int>("y", TensorDatatype.INT32, [1, 2], [1, 9]), 9 },
        { Tensor.Create<byte>("y", TensorDatatype.BOOL, [1, 2], [0, 1]), 1 },
    };

    [Theory]
    [MemberData(nameof(Outputs))]
    public void Read_EveryDatatype_IsTheElementAtTheIndex(Tensor output, double expected) => Assert.Equal(expected, Read(output));

    [Fact]
    public void Read_SeveralOutputs_TakesTheOneByName() =>
        Assert.Equal(0.75, Read(Tensor.Create<long>("label", TensorDatatype.INT64, [1, 2], [1, 1]), Tensor.Create<float>("y", TensorDatatype.FP32, [1, 2], [0.25f, 0.75f])));

    [Theory]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.PositiveInfinity, "Infinity")]
    [InlineData(float.NegativeInfinity, "-Infinity")]
    public void Read_NoFiniteNumber_IsTheModelsFailure(float value, string text) => AssertFails(
        $"Model fraud answered {text} in 'y', which is not a finite number. Check the model for this input.",
        Tensor.Create<float>("y", TensorDatatype.FP32, [1, 2], [0, value]));

    [Fact]
    public void Read_TooFewElements_IsTheModelsFailure() => AssertFails(
        "Model fraud gave 1 elements in 'y', but response.prediction.index is 1.", Tensor.Create<float>("y", TensorDatatype.FP32, [1, 1], [0.5f]));

    [Fact]
    public void Read_OutputMissing_IsTheModelsFailure() =>
        AssertFails("Model fraud gave no output 'y'.", Tensor.Create<float>("z", TensorDatatype.FP32, [1, 2], [0, 1]));

    private static double Read(params Tensor[] outputs) => new PlannedOutput("fraud", "y", 1).Read(outputs);

    private static void AssertFails(string message, Tensor output)
    {
        var failure = Assert.Throws<InferenceException>(() => Read(output));
        Assert.Equal((InferenceErrorCode.ModelFailed, message), (failure.Code, failure.Message));
    }
}
