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
    public void ThrowIfInvalid_Missing_ListsWhatWasExpectedWhatCameAndWhatIsMissing() => AssertFault(
        new FieldError("inputs", "must hold every input of fraud/2. Expected: x, s; got: x; missing: s. Add what is missing.", null), Floats(1, 2));

    [Fact]
    public void ThrowIfInvalid_NothingSent_ListsAllInputsOnce() => AssertFault(
        new FieldError("inputs", "must hold every input of fraud/2. Expected: x, s; got: (none); missing: x, s. Add what is missing.", null));

    [Fact]
    public void ThrowIfInvalid_Twice_NamesTheInput() =>
        AssertFault(new FieldError("s", "came 2 times, where an input is sent once. Remove the others.", null), Floats(1, 2), Strings(0, ""), Strings(0, ""));

    [Fact]
    public void ThrowIfInvalid_UnknownName_NamesTheInputsThereAre() => AssertFault(
        new FieldError("y", "is no input of fraud/2, whose inputs are x, s. Remove it, or correct its name.", "FP32 [1, 2], 8 bytes"), Floats(1, 2) with { Name = "y" }, Floats(1, 2), Strings(0, ""));

    [Fact]
    public void ThrowIfInvalid_WrongDatatype_NamesTheRightOne() => AssertFault(
        new FieldError("x", "must have datatype FP32, but came as INT32. Send it as FP32.", "INT32 [1, 2], 8 bytes"), Floats(1, 2) with { Datatype = TensorDatatype.INT32 }, Strings(0, ""));

    [Theory]
    [InlineData(new long[] { 2 }, "must have 2 dimensions, shape [-1, 2] (-1 is any size), but came with 1, shape [2]. Reshape it.")]
    [InlineData(new long[] { 1, 2, 1 }, "must have 2 dimensions, shape [-1, 2] (-1 is any size), but came with 3, shape [1, 2, 1]. Reshape it.")]
    [InlineData(new long[0], "must have 2 dimensions, shape [-1, 2] (-1 is any size), but came with 0, shape []. Reshape it.")]
    [InlineData(new long[] { 1, 3 }, "must have shape [-1, 2] (-1 is any size), but came with shape [1, 3]. Make dimension 1 2 instead of 3.")]
    [InlineData(new long[] { -1, 2 }, "must have shape [-1, 2] (-1 is any size), but came with shape [-1, 2]. Send the sizes it has, each 0 or more.")]
    [InlineData(new long[] { 1, -2 }, "must have shape [-1, 2] (-1 is any size), but came with shape [1, -2]. Send the sizes it has, each 0 or more.")]
    public void ThrowIfInvalid_WrongShape_NamesTheRightOne(long[] shape, string fault) => AssertFault(
        new FieldError("x", fault, $"FP32 [{string.Join(", ", shape)}], 8 bytes"), Floats(1, 2) with { Shape = shape }, Strings(0, ""));

    [Theory]
    [InlineData(new long[] { 2, 2 }, 8, 16)]
    [InlineData(new long[] { 1, 2 }, 7, 8)]
    [InlineData(new long[] { 1, 2 }, 9, 8)]
    [InlineData(new long[] { 1, 2 }, 0, 8)]
    public void ThrowIfInvalid_BytesThatAreNotTheShapes_NamesBothNumbers(long[] shape, int bytes, int expected) => AssertFault(
        new FieldError("x", $"must have {expected} bytes for FP32 of shape [{string.Join(", ", shape)}], but came with {bytes}. Send 4 bytes for each element.", $"FP32 [{string.Join(", ", shape)}], {bytes} bytes"),
        Floats(1, 2) with { Shape = shape, Data = new byte[bytes] },
        Strings(0, ""));

    [Theory]
    [InlineData(1L << 62)]
    [InlineData((1L << 61) + 1)]
    [InlineData(long.MaxValue)]
    public void ThrowIfInvalid_ProductThatOverflows_IsRefused(long rows) => AssertFault(
        new FieldError("x", $"came with shape [{rows}, 2], more elements than the 2,147,483,591 that an array can hold. Send it in several requests.", $"FP32 [{rows}, 2], 8 bytes"),
        Floats(1, 2) with { Shape = [rows, 2] },
        Strings(0, ""));

    [Theory]
    [InlineData(1, "", "must hold 1 element for shape [1], but its bytes hold 0. Send as many elements as its shape says.")]
    [InlineData(2, "0100000061", "must hold 2 elements for shape [2], but its bytes hold 1. Send as many elements as its shape says.")]
    [InlineData(1, "01000000610100000062", "must hold 1 element for shape [1], but its bytes hold 2. Send as many elements as its shape says.")]
    [InlineData(1, "010000", "is cut short: at byte 0, where the length of element 0 should stand, 3 are left. Send for each element its length, 4 bytes little-endian, and then as many bytes.")]
    [InlineData(2, "01000000610200000062", "is cut short: element 1 says at byte 5 that it has 2 bytes, but 1 are left. Send for each element its length, 4 bytes little-endian, and then as many bytes.")]
    [InlineData(1, "FFFFFFFF", "is cut short: element 0 says at byte 0 that it has 4294967295 bytes, but 0 are left. Send for each element its length, 4 bytes little-endian, and then as many bytes.")]
    [InlineData(1, "FFFFFF7F61", "is cut short: element 0 says at byte 0 that it has 2147483647 bytes, but 1 are left. Send for each element its length, 4 bytes little-endian, and then as many bytes.")]
    public void ThrowIfInvalid_StringsThatRunOverOrAreNotAsMany_IsRefused(long count, string data, string fault) => AssertFault(
        new FieldError("s", fault, $"BYTES [{count}], {data.Length / 2} bytes"), Floats(1, 2), Strings(count, data));

    [Fact]
    public void ThrowIfInvalid_SeveralFaults_ReportsAll() =>
        Assert.Equal(["inputs", "x", "y"], Faults(Floats(1, 3), Floats(1, 2) with { Name = "y" }).Select(fault => fault.Field));

    [Fact]
    public void ThrowIfInvalid_OtherNumberOfRows_NamesBothInputsWhereTheFirstDimensionIsTheBatch()
    {
        var failure = Assert.Throws<InferenceException>(() => TensorValidation.ThrowIfInvalid("fraud", 2, Model, [Floats(3, 2), Strings(2, "0000000000000000")], joins: true));

        Assert.Equal("s must have as many rows as the other inputs: x has 3, this has 2. The first dimension is the batch; send as many rows in each.", failure.Message);
    }

    [Fact]
    public void ThrowIfInvalid_GoodTensors_AllocatesNothing()
    {
        IReadOnlyList<Tensor> inputs = [Strings(2, "010000006100000000"), Floats(2, 2)];
        TensorValidation.ThrowIfInvalid("fraud", 2, Model, inputs, joins: true);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 100; i++) TensorValidation.ThrowIfInvalid("fraud", 2, Model, inputs, joins: true);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void InModelOrder_AnyOrder_AnswersTheModels() =>
        Assert.Equal(["x", "s"], TensorValidation.InModelOrder(Model, [Strings(0, ""), Floats(0, 2)]).Select(input => input.Name));

    [Fact]
    public void InModelOrder_AlreadySo_AnswersTheSameList()
    {
        IReadOnlyList<Tensor> inputs = [Floats(0, 2), Strings(0, "")];

        Assert.Same(inputs, TensorValidation.InModelOrder(Model, inputs));
    }

    private static Tensor Floats(long rows, long columns) =>
        Tensor.Create<float>("x", TensorDatatype.FP32, [rows, columns], new float[rows * columns]);

    private static Tensor Strings(long count, string hex) => new() { Name = "s", Datatype = TensorDatatype.BYTES, Shape = [count], Data = Convert.FromHexString(hex) };

    private static IReadOnlyList<FieldError> Faults(params Tensor[] inputs) =>
        Record.Exception(() => TensorValidation.ThrowIfInvalid("fraud", 2, Model, inputs)) is InferenceException { Code: InferenceErrorCode.InvalidInput } failure
            ? failure.Fields
            : [];

    private static void AssertFault(FieldError expected, params Tensor[] inputs) => Assert.Equal([expected], Faults(inputs));
}
