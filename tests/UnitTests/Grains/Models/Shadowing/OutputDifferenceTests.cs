using System.Buffers.Binary;
using System.Text;
using OrleansInference;
using OrleansInference.Grains.Models.Shadowing;

namespace UnitTests.Grains.Models.Shadowing;

public sealed class OutputDifferenceTests
{
    public static TheoryData<Tensor, Tensor, double> Numbers => new()
    {
        { Vector<float>(TensorDatatype.FP32, 1, 2), Vector<float>(TensorDatatype.FP32, 1.5f, 2), 0.5 },
        { Vector(TensorDatatype.FP64, 1.0, -2), Vector(TensorDatatype.FP64, 1.0, 2), 4 },
        { Vector(TensorDatatype.FP16, (Half)1, (Half)2), Vector(TensorDatatype.FP16, (Half)1, (Half)4), 2 },
        { Vector<ushort>(TensorDatatype.BF16, 0x3F80, 0x4000), Vector<ushort>(TensorDatatype.BF16, 0x4000, 0x4000), 1 },
        { Vector<sbyte>(TensorDatatype.INT8, -128), Vector<sbyte>(TensorDatatype.INT8, 127), 255 },
        { Vector<short>(TensorDatatype.INT16, 1), Vector<short>(TensorDatatype.INT16, -1), 2 },
        { Vector(TensorDatatype.INT32, int.MinValue), Vector(TensorDatatype.INT32, int.MaxValue), 4294967295 },
        { Vector(TensorDatatype.INT64, 5L), Vector(TensorDatatype.INT64, 8L), 3 },
        { Vector<byte>(TensorDatatype.UINT8, 3), Vector<byte>(TensorDatatype.UINT8, 5), 2 },
        { Vector<ushort>(TensorDatatype.UINT16, 3), Vector<ushort>(TensorDatatype.UINT16, 5), 2 },
        { Vector(TensorDatatype.UINT32, 3u), Vector(TensorDatatype.UINT32, 5u), 2 },
        { Vector(TensorDatatype.UINT64, 3ul), Vector(TensorDatatype.UINT64, 5ul), 2 },
        { Vector<byte>(TensorDatatype.BOOL, 0, 1), Vector<byte>(TensorDatatype.BOOL, 0, 0), 1 },
        { Vector(TensorDatatype.FP64, double.NaN, double.PositiveInfinity), Vector(TensorDatatype.FP64, double.NaN, double.PositiveInfinity), 0 },
    };

    [Theory, MemberData(nameof(Numbers), DisableDiscoveryEnumeration = true)]
    public void Between_Numbers_IsTheLargestDistance(Tensor answered, Tensor shadowed, double expected) =>
        Assert.Equal(new OutputDifference(expected, 0), OutputDifference.Between([answered], [shadowed]));

    [Theory]
    [InlineData(1, double.NaN)]
    [InlineData(double.NaN, 1)]
    [InlineData(1, double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity, double.PositiveInfinity)]
    public void Between_NumbersWithoutADistance_IsAMismatch(double answered, double shadowed) => Assert.Equal(
        new OutputDifference(0, 1),
        OutputDifference.Between([Vector(TensorDatatype.FP64, answered, 7)], [Vector(TensorDatatype.FP64, shadowed, 7)]));

    [Fact]
    public void Between_Strings_CountsThoseThatDiffer() => Assert.Equal(
        new OutputDifference(null, 2), OutputDifference.Between([Strings("a", "bc", "")], [Strings("b", "bc", "d")]));

    [Fact]
    public void Between_SeveralOutputs_TakesThemTogether() => Assert.Equal(
        new OutputDifference(2, 1),
        OutputDifference.Between(
            [Vector(TensorDatatype.FP64, 1.0), Strings("a") with { Name = "s" }, Vector(TensorDatatype.FP64, 1.0) with { Name = "z" }],
            [Vector(TensorDatatype.FP64, 3.0) with { Name = "z" }, Strings("b") with { Name = "s" }, Vector(TensorDatatype.FP64, 2.0)]));

    [Fact]
    public void Between_AnotherShapeDatatypeOrNoTensor_MismatchesEveryElement()
    {
        var answered = Vector(TensorDatatype.FP64, 1.0, 2.0);

        Assert.Equal(new OutputDifference(null, 2), OutputDifference.Between([answered], []));
        Assert.Equal(new OutputDifference(null, 2), OutputDifference.Between([answered], [answered with { Shape = [2, 1] }]));
        Assert.Equal(new OutputDifference(null, 2), OutputDifference.Between([answered], [answered with { Datatype = TensorDatatype.INT64 }]));
    }

    private static Tensor Vector<T>(TensorDatatype datatype, params T[] values)
        where T : unmanaged => Tensor.Create<T>("y", datatype, [values.Length], values);

    private static Tensor Strings(params string[] strings)
    {
        using var data = new MemoryStream();
        var length = new byte[4];
        foreach (var text in strings.Select(Encoding.UTF8.GetBytes))
        {
            BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
            data.Write(length);
            data.Write(text);
        }

        return new Tensor { Name = "y", Datatype = TensorDatatype.BYTES, Shape = [strings.Length], Data = data.ToArray() };
    }
}
