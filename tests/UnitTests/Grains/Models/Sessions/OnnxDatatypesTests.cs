using Microsoft.ML.OnnxRuntime.Tensors;
using OrleansInference;
using OrleansInference.Grains.Models.Sessions;

namespace UnitTests.Grains.Models.Sessions;

public sealed class OnnxDatatypesTests
{
    public static TheoryData<TensorDatatype, TensorElementType, int> All => new()
    {
        { TensorDatatype.BOOL, TensorElementType.Bool, 1 },
        { TensorDatatype.UINT8, TensorElementType.UInt8, 1 },
        { TensorDatatype.UINT16, TensorElementType.UInt16, 2 },
        { TensorDatatype.UINT32, TensorElementType.UInt32, 4 },
        { TensorDatatype.UINT64, TensorElementType.UInt64, 8 },
        { TensorDatatype.INT8, TensorElementType.Int8, 1 },
        { TensorDatatype.INT16, TensorElementType.Int16, 2 },
        { TensorDatatype.INT32, TensorElementType.Int32, 4 },
        { TensorDatatype.INT64, TensorElementType.Int64, 8 },
        { TensorDatatype.FP16, TensorElementType.Float16, 2 },
        { TensorDatatype.FP32, TensorElementType.Float, 4 },
        { TensorDatatype.FP64, TensorElementType.Double, 8 },
        { TensorDatatype.BYTES, TensorElementType.String, 0 },
        { TensorDatatype.BF16, TensorElementType.BFloat16, 2 },
    };

    [Theory]
    [MemberData(nameof(All))]
    public void Datatype_BothWays_IsTheSameWithItsSize(TensorDatatype ours, TensorElementType onnx, int bytes) =>
        Assert.Equal((onnx, (TensorDatatype?)ours, bytes), (OnnxDatatypes.ToOnnx(ours), OnnxDatatypes.FromOnnx(onnx), OnnxDatatypes.SizeOf(ours)));

    [Fact]
    public void Datatype_OfTheProtocol_IsInTheTable() => Assert.Equal(Enum.GetValues<TensorDatatype>(), All.Select(row => row.Data.Item1));

    [Theory]
    [InlineData(TensorElementType.Complex64)]
    [InlineData(TensorElementType.Complex128)]
    public void FromOnnx_TypeThatTheProtocolHasNot_IsNull(TensorElementType onnx) => Assert.Null(OnnxDatatypes.FromOnnx(onnx));
}
