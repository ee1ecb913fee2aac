using System.Globalization;
using System.Text;
using OrleansInference;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Models.Planning;

namespace UnitTests.Grains.Models.Planning;

public sealed class PlannedInputTests
{
    private static readonly FeatureValue[] Features = [FeatureValue.Of(0), FeatureValue.Of(2.75), FeatureValue.Of(-3), FeatureValue.Of("é"), FeatureValue.Of("")];

    [Fact]
    public void ToTensor_Always_HasNameDatatypeAndShape()
    {
        var tensor = new PlannedInput("x", TensorDatatype.FP32, [1, 2], [0, 1]).ToTensor(Features);

        Assert.Equal(("x", TensorDatatype.FP32), (tensor.Name, tensor.Datatype));
        Assert.Equal([1L, 2L], tensor.Shape);
    }

    [Fact]
    public void ToTensor_Fp32_HasTheFeaturesInOrder() => Assert.Equal([-3f, 2.75f], Elements<float>(TensorDatatype.FP32));

    [Theory]
    [InlineData("request.amount", InferenceErrorCode.InvalidInput, "amount is beyond what the model's FP32 input holds; send -3.4E+38 to 3.4E+38")]
    [InlineData("spending.mean", InferenceErrorCode.ModelFailed, "The feature spending.mean is 1E+39, which is beyond what the model's FP32 input 'x' holds (-3.4E+38 to 3.4E+38). Correct its source.")]
    public void ToTensor_NumberBeyondFp32_BlamesWhoSentIt(string feature, InferenceErrorCode code, string message)
    {
        var input = new PlannedInput("x", TensorDatatype.FP32, [1, 1], [0]) { FeatureNames = [feature] };

        var failure = Assert.Throws<InferenceException>(() => input.ToTensor([FeatureValue.Of(1e39)]));

        Assert.Equal((code, message), (failure.Code, failure.Message));
    }

    [Fact]
    public void ToTensor_Fp64_HasTheFeaturesInOrder() => Assert.Equal([-3d, 2.75], Elements<double>(TensorDatatype.FP64));

    [Fact]
    public void ToTensor_Int64_CutsFractions() => Assert.Equal([-3L, 2L], Elements<long>(TensorDatatype.INT64));

    [Fact]
    public void ToTensor_Int32_CutsFractions() => Assert.Equal([-3, 2], Elements<int>(TensorDatatype.INT32));

    [Theory]
    [InlineData("request.id", InferenceErrorCode.InvalidInput, "id is beyond what the model's INT32 input holds; send -2147483648 to 2147483647")]
    [InlineData("spending.id", InferenceErrorCode.ModelFailed, "The feature spending.id is 3000000000, which is beyond what the model's INT32 input 'x' holds (-2147483648 to 2147483647). Correct its source.")]
    public void ToTensor_NumberBeyondInt32_BlamesWhoSentIt(string feature, InferenceErrorCode code, string message)
    {
        var input = new PlannedInput("x", TensorDatatype.INT32, [1, 1], [0]) { FeatureNames = [feature] };

        var failure = Assert.Throws<InferenceException>(() => input.ToTensor([FeatureValue.Of(3e9)]));

        Assert.Equal((code, message), (failure.Code, failure.Message));
    }

    [Theory]
    [InlineData(TensorDatatype.INT32, 2147483648d)]
    [InlineData(TensorDatatype.INT32, -2147483649d)]
    [InlineData(TensorDatatype.INT32, double.PositiveInfinity)]
    [InlineData(TensorDatatype.INT64, 9223372036854775808d)]
    [InlineData(TensorDatatype.INT64, -9223372036854777856d)]
    [InlineData(TensorDatatype.INT64, double.NegativeInfinity)]
    public void ToTensor_NextToTheRange_IsRefused(TensorDatatype datatype, double number)
    {
        var failure = Assert.Throws<InferenceException>(() => new PlannedInput("x", datatype, [1, 1], [0]) { FeatureNames = ["request.id"] }.ToTensor([FeatureValue.Of(number)]));

        var field = Assert.Single(failure.Fields);
        Assert.Equal(("id", number), (field.Field, double.Parse(field.Value!, CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData(2147483647.9, int.MaxValue)]
    [InlineData(-2147483648.9, int.MinValue)]
    public void ToTensor_EndsOfInt32_AreHeld(double number, int expected) =>
        Assert.Equal([expected], new PlannedInput("x", TensorDatatype.INT32, [1, 1], [0]).ToTensor([FeatureValue.Of(number)]).Elements<int>().ToArray());

    [Theory]
    [InlineData(9223372036854774784d, long.MaxValue - 1023)]
    [InlineData(-9223372036854775808d, long.MinValue)]
    public void ToTensor_EndsOfInt64_AreHeld(double number, long expected) =>
        Assert.Equal([expected], new PlannedInput("x", TensorDatatype.INT64, [1, 1], [0]).ToTensor([FeatureValue.Of(number)]).Elements<long>().ToArray());

    [Fact]
    public void ToTensor_Bool_IsOneForAnythingButZero() =>
        Assert.Equal([0, 1, 1], new PlannedInput("x", TensorDatatype.BOOL, [1, 3], [0, 1, 2]).ToTensor(Features).Data);

    [Fact]
    public void ToTensor_Bytes_AreUtf8WithTheirLengths()
    {
        var data = new PlannedInput("x", TensorDatatype.BYTES, [1, 3], [3, 4, 1]).ToTensor(Features).Data;

        Assert.Equal("02000000" + "C3A9" + "00000000" + "04000000" + Convert.ToHexString(Encoding.UTF8.GetBytes("2.75")), Convert.ToHexString(data));
    }

    [Fact]
    public void Supported_Datatypes_AreThoseOfTheTestsHere() => Assert.Equal(
        [TensorDatatype.FP32, TensorDatatype.FP64, TensorDatatype.INT64, TensorDatatype.INT32, TensorDatatype.BOOL, TensorDatatype.BYTES],
        PlannedInput.Supported);

    private static T[] Elements<T>(TensorDatatype datatype)
        where T : unmanaged => new PlannedInput("x", datatype, [1, 2], [2, 1]).ToTensor(Features).Elements<T>().ToArray();
}
