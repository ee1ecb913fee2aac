using OrleansInference;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Models.Sessions;

namespace UnitTests.Grains.Models;

public sealed class TensorValidationTests
{
    private static readonly ModelMetadata Model = new([new("x", TensorDatatype.FP32, [-1, 2]), new("s", TensorDatatype.BYTES, [-1])], []);

    [Fact]
    public void ThrowIfInvalid_GoodTensorsInAnyOrder_IsQuiet() => Assert.Empty(Faults(Strings(2, "010000006100000000"), Floats(3, 2)));

    [Fact]
    public void ThrowIfInvalid_EmptyBatch_IsQuiet() => Assert.Empty(Faults(Floats(0, 2), Strings(0, "")));

    [Fact]
    public void ThrowIfInvalid_Missing_NamesTheInput() =>
        AssertFault(new FieldError("s", "is an input of fraud/2 and must be sent once, but came 0 times", null), Floats(1, 2));

    [Fact]
    public void ThrowIfInvalid_Twice_NamesTheInput() =>
        AssertFault(new FieldError("s", "is an input of fraud/2 and must be sent once, but came 2 times", null), Floats(1, 2), Strings(0, ""), Strings(0, ""));

    [Fact]
    public void ThrowIfInvalid_UnknownName_NamesTheInputsThereAre() =>
        AssertFault(new FieldError("y", "is no input of the model; its inputs are x, s", "FP32 [1, 2], 8 bytes"), Floats(1, 2) with { Name = "y" }, Floats(1, 2), Strings(0, ""));

    [Fact]
    public void ThrowIfInvalid_WrongDatatype_NamesTheRightOne() =>
        AssertFault(new FieldError("x", "must have datatype FP32", "INT32 [1, 2], 8 bytes"), Floats(1, 2) with { Datatype = TensorDatatype.INT32 }, Strings(0, ""));

    [Theory]
    [InlineData(new long[] { 2 })]
    [InlineData(new long[] { 1, 2, 1 })]
    [InlineData(new long[0])]
    [InlineData(new long[] { 1, 3 })]
    [InlineData(new long[] { -1, 2 })]
    [InlineData(new long[] { 1, -2 })]
    public void ThrowIfInvalid_WrongShape_NamesTheRightOne(long[] shape) => AssertFault(
        new FieldError("x", "must have shape [-1, 2], where -1 is any size", $"FP32 [{string.Join(", ", shape)}], 8 bytes"), Floats(1, 2) with { Shape = shape }, Strings(0, ""));

    [Theory]
    [InlineData(new long[] { 2, 2 }, 8)]
    [InlineData(new long[] { 1, 2 }, 7)]
    [InlineData(new long[] { 1, 2 }, 9)]
    [InlineData(new long[] { 1, 2 }, 0)]
    [InlineData(new long[] { 1L << 62, 2 }, 0)]
    [InlineData(new long[] { (1L << 61) + 1, 2 }, 8)]
    [InlineData(new long[] { long.MaxValue, 2 }, 8)]
    public void ThrowIfInvalid_BytesThatAreNotTheShapes_IsRefused(long[] shape, int bytes) => AssertFault(
        new FieldError("x", "must have exactly as many bytes as its shape and datatype say", $"FP32 [{string.Join(", ", shape)}], {bytes} bytes"),
        Floats(1, 2) with { Shape = shape, Data = new byte[bytes] },
        Strings(0, ""));

    [Theory]
    [InlineData(1, "")]
    [InlineData(2, "0100000061")]
    [InlineData(1, "01000000610100000062")]
    [InlineData(1, "010000")]
    [InlineData(1, "0200000061")]
    [InlineData(1, "FFFFFFFF")]
    [InlineData(1, "FFFFFF7F61")]
    public void ThrowIfInvalid_StringsThatRunOverOrAreNotAsMany_IsRefused(long count, string data) => AssertFault(
        new FieldError("s", "must have exactly as many bytes as its shape and datatype say", $"BYTES [{count}], {data.Length / 2} bytes"), Floats(1, 2), Strings(count, data));

    [Fact]
    public void ThrowIfInvalid_SeveralFaults_ReportsAll() => Assert.Equal(["x", "y", "s"], Faults(Floats(1, 3), Floats(1, 2) with { Name = "y" }).Select(fault => fault.Field));

    private static Tensor Floats(long rows, long columns) =>
        Tensor.Create<float>("x", TensorDatatype.FP32, [rows, columns], new float[rows * columns]);

    private static Tensor Strings(long count, string hex) => new() { Name = "s", Datatype = TensorDatatype.BYTES, Shape = [count], Data = Convert.FromHexString(hex) };

    private static IReadOnlyList<FieldError> Faults(params Tensor[] inputs) =>
        Record.Exception(() => TensorValidation.ThrowIfInvalid("fraud", 2, Model, inputs)) is InferenceException { Code: InferenceErrorCode.InvalidInput } failure
            ? failure.Fields
            : [];

    private static void AssertFault(FieldError expected, params Tensor[] inputs) => Assert.Equal([expected], Faults(inputs));
}
