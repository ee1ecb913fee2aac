using System.Buffers.Binary;

namespace OrleansInference.Api.OpenInference;

/// <summary>Holds raw bytes of a caller against the datatype and shape that came with them.</summary>
internal static class RawTensors
{
    private const int PrefixBytes = sizeof(uint);

    /// <summary>What is wrong with the bytes; null for nothing.</summary>
    public static string? Check(TensorDatatype datatype, ReadOnlySpan<long> shape, long elements, ReadOnlySpan<byte> data)
    {
        if (datatype is TensorDatatype.BYTES) return CheckStrings(shape, elements, data);

        var expected = elements * Datatypes.SizeOf(datatype);
        return data.Length == expected
            ? null
            : $"came with {data.Length} bytes, but {Datatypes.NameOf(datatype)} {TensorShapes.ToText(shape)} takes {expected}; make shape and bytes agree";
    }

    private static string? CheckStrings(ReadOnlySpan<long> shape, long elements, ReadOnlySpan<byte> data)
    {
        long count = 0;
        for (var rest = data; rest.Length > 0; count++)
        {
            if (rest.Length < PrefixBytes) return $"ends with {rest.Length} bytes where the {PrefixBytes}-byte length of string {count} should stand";

            var length = BinaryPrimitives.ReadUInt32LittleEndian(rest);
            rest = rest[PrefixBytes..];
            if (length > rest.Length) return $"says that string {count} has {length} bytes, but only {rest.Length} follow; write each string as a 4-byte little-endian length and its bytes";
            rest = rest[(int)length..];
        }

        return count == elements ? null : $"holds {count} strings, but its shape {TensorShapes.ToText(shape)} takes {elements}; make shape and bytes agree";
    }
}
