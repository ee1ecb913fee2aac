using Microsoft.ML.OnnxRuntime.Tensors;

namespace OrleansInference.Grains.Models.Sessions;

/// <summary>The protocol's element types beside ONNX Runtime's.</summary>
internal static class OnnxDatatypes
{
    private static readonly (TensorDatatype Ours, TensorElementType Onnx, int Bytes)[] Known =
    [
        (TensorDatatype.BOOL, TensorElementType.Bool, 1),
        (TensorDatatype.UINT8, TensorElementType.UInt8, 1),
        (TensorDatatype.UINT16, TensorElementType.UInt16, 2),
        (TensorDatatype.UINT32, TensorElementType.UInt32, 4),
        (TensorDatatype.UINT64, TensorElementType.UInt64, 8),
        (TensorDatatype.INT8, TensorElementType.Int8, 1),
        (TensorDatatype.INT16, TensorElementType.Int16, 2),
        (TensorDatatype.INT32, TensorElementType.Int32, 4),
        (TensorDatatype.INT64, TensorElementType.Int64, 8),
        (TensorDatatype.FP16, TensorElementType.Float16, 2),
        (TensorDatatype.FP32, TensorElementType.Float, 4),
        (TensorDatatype.FP64, TensorElementType.Double, 8),
        (TensorDatatype.BYTES, TensorElementType.String, 0),
        (TensorDatatype.BF16, TensorElementType.BFloat16, 2),
    ];

    public static TensorDatatype? FromOnnx(TensorElementType type) =>
        Known.FirstOrDefault(known => known.Onnx == type) is { Ours: not 0 } found ? found.Ours : null;

    public static TensorElementType ToOnnx(TensorDatatype type) => Known[(int)type - 1].Onnx;

    /// <summary>Bytes of one element; 0 for strings, which have no fixed size.</summary>
    public static int SizeOf(TensorDatatype type) => Known[(int)type - 1].Bytes;
}
