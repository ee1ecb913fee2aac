using System.Buffers.Binary;
using System.Text.Json;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>Elements of tensors from JSON to bytes and back, one at a time and without boxes.</summary>
/// <remarks>
/// JSON has no NaN and no infinities: they are the strings <c>"NaN"</c>, <c>"Infinity"</c> and <c>"-Infinity"</c> here, both ways, as
/// in protobuf's JSON. BF16 is read as FP32 and rounded to the nearest, ties to even; halves and BF16 are written by their exact value.
/// </remarks>
internal static class JsonElements
{
    /// <summary>Reads one element; false where the datatype cannot hold what stands there.</summary>
    public static bool TryRead(ref Utf8JsonReader json, TensorDatatype datatype, Span<byte> element)
    {
        if (json.TokenType is not JsonTokenType.Number) return TryReadWord(ref json, datatype, element);
        return datatype switch
        {
            TensorDatatype.FP32 => json.TryGetSingle(out var value) && float.IsFinite(value) && BinaryPrimitives.TryWriteSingleLittleEndian(element, value),
            TensorDatatype.FP64 => json.TryGetDouble(out var value) && double.IsFinite(value) && BinaryPrimitives.TryWriteDoubleLittleEndian(element, value),
            TensorDatatype.FP16 => json.TryGetDouble(out var value) && Half.IsFinite((Half)value) && BinaryPrimitives.TryWriteHalfLittleEndian(element, (Half)value),
            TensorDatatype.BF16 => json.TryGetSingle(out var value) && IsFinite(Bfloat(value)) && BinaryPrimitives.TryWriteUInt16LittleEndian(element, Bfloat(value)),
            TensorDatatype.INT64 => json.TryGetInt64(out var value) && BinaryPrimitives.TryWriteInt64LittleEndian(element, value),
            TensorDatatype.INT32 => json.TryGetInt32(out var value) && BinaryPrimitives.TryWriteInt32LittleEndian(element, value),
            TensorDatatype.INT16 => json.TryGetInt16(out var value) && BinaryPrimitives.TryWriteInt16LittleEndian(element, value),
            TensorDatatype.INT8 => json.TryGetSByte(out var value) && TryWriteByte(element, (byte)value),
            TensorDatatype.UINT64 => json.TryGetUInt64(out var value) && BinaryPrimitives.TryWriteUInt64LittleEndian(element, value),
            TensorDatatype.UINT32 => json.TryGetUInt32(out var value) && BinaryPrimitives.TryWriteUInt32LittleEndian(element, value),
            TensorDatatype.UINT16 => json.TryGetUInt16(out var value) && BinaryPrimitives.TryWriteUInt16LittleEndian(element, value),
            TensorDatatype.UINT8 => json.TryGetByte(out var value) && TryWriteByte(element, value),
            TensorDatatype.BOOL => json.TryGetByte(out var value) && value <= 1 && TryWriteByte(element, value),
            _ => false,
        };
    }

    /// <summary>Writes the element at an index.</summary>
    public static void Write(Utf8JsonWriter json, TensorDatatype datatype, ReadOnlySpan<byte> data, int index)
    {
        var element = data[(index * Datatypes.SizeOf(datatype))..];
        switch (datatype)
        {
            case TensorDatatype.FP32: WriteFloat(json, BinaryPrimitives.ReadSingleLittleEndian(element)); break;
            case TensorDatatype.FP64: WriteDouble(json, BinaryPrimitives.ReadDoubleLittleEndian(element)); break;
            case TensorDatatype.FP16: WriteFloat(json, (float)BinaryPrimitives.ReadHalfLittleEndian(element)); break;
            case TensorDatatype.BF16: WriteFloat(json, BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(element) << 16)); break;
            case TensorDatatype.INT64: json.WriteNumberValue(BinaryPrimitives.ReadInt64LittleEndian(element)); break;
            case TensorDatatype.INT32: json.WriteNumberValue(BinaryPrimitives.ReadInt32LittleEndian(element)); break;
            case TensorDatatype.INT16: json.WriteNumberValue(BinaryPrimitives.ReadInt16LittleEndian(element)); break;
            case TensorDatatype.INT8: json.WriteNumberValue((sbyte)element[0]); break;
            case TensorDatatype.UINT64: json.WriteNumberValue(BinaryPrimitives.ReadUInt64LittleEndian(element)); break;
            case TensorDatatype.UINT32: json.WriteNumberValue(BinaryPrimitives.ReadUInt32LittleEndian(element)); break;
            case TensorDatatype.UINT16: json.WriteNumberValue(BinaryPrimitives.ReadUInt16LittleEndian(element)); break;
            case TensorDatatype.UINT8: json.WriteNumberValue(element[0]); break;
            case TensorDatatype.BOOL: json.WriteBooleanValue(element[0] != 0); break;
            default: throw new InvalidOperationException($"{datatype} has no elements of a fixed size.");
        }
    }

    // What is no number in JSON: booleans, and the floats that JSON has no number for.
    private static bool TryReadWord(ref Utf8JsonReader json, TensorDatatype datatype, Span<byte> element)
    {
        if (datatype is TensorDatatype.BOOL) return json.TokenType is JsonTokenType.True or JsonTokenType.False && TryWriteByte(element, json.GetBoolean() ? (byte)1 : (byte)0);
        if (json.TokenType is not JsonTokenType.String || !TryReadNonFinite(ref json, out var value)) return false;
        return datatype switch
        {
            TensorDatatype.FP32 => BinaryPrimitives.TryWriteSingleLittleEndian(element, value),
            TensorDatatype.FP64 => BinaryPrimitives.TryWriteDoubleLittleEndian(element, value),
            TensorDatatype.FP16 => BinaryPrimitives.TryWriteHalfLittleEndian(element, (Half)value),
            TensorDatatype.BF16 => BinaryPrimitives.TryWriteUInt16LittleEndian(element, (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16)),
            _ => false,
        };
    }

    private static bool TryReadNonFinite(ref Utf8JsonReader json, out float value)
    {
        value = json.ValueTextEquals("Infinity"u8) ? float.PositiveInfinity : json.ValueTextEquals("-Infinity"u8) ? float.NegativeInfinity : float.NaN;
        return !float.IsNaN(value) || json.ValueTextEquals("NaN"u8);
    }

    private static void WriteFloat(Utf8JsonWriter json, float value)
    {
        if (float.IsFinite(value)) json.WriteNumberValue(value);
        else json.WriteStringValue(NonFinite(value));
    }

    private static void WriteDouble(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value)) json.WriteNumberValue(value);
        else json.WriteStringValue(NonFinite(value));
    }

    private static ReadOnlySpan<byte> NonFinite(double value) => double.IsNaN(value) ? "NaN"u8 : value > 0 ? "Infinity"u8 : "-Infinity"u8;

    private static bool TryWriteByte(Span<byte> element, byte value)
    {
        element[0] = value;
        return true;
    }

    // To the nearest of the two BF16 beside a finite FP32, ties to even.
    private static ushort Bfloat(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private static bool IsFinite(ushort bfloat) => (bfloat & 0x7F80) != 0x7F80;
}
