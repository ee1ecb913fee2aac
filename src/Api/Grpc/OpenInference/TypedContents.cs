using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Google.Protobuf.Collections;
using OrleansInference.Api.Grpc.OpenInference.Wire;
using OrleansInference.Api.OpenInference;

namespace OrleansInference.Api.Grpc.OpenInference;

/// <summary>Tensors as typed numbers, to and from their bytes. Small integers travel as 32 bits each; FP16 and BF16 have no typed form.</summary>
internal static class TypedContents
{
    private const int PrefixBytes = sizeof(int);

    private static readonly InferTensorContents Empty = new();

    /// <summary>Whether a tensor of the datatype can travel as typed contents.</summary>
    public static bool CanHold(TensorDatatype datatype) => datatype is not (TensorDatatype.FP16 or TensorDatatype.BF16);

    /// <summary>The elements' bytes.</summary>
    /// <exception cref="InferenceException">InvalidInput: not as many as the shape says, in the wrong field, or out of the datatype's range.</exception>
    public static byte[] Read(string label, TensorDatatype datatype, long[] shape, long elements, InferTensorContents? contents)
    {
        if (!CanHold(datatype)) throw Fault(label, $"has the datatype {Datatypes.NameOf(datatype)}, which has no typed contents; send raw_input_contents");

        contents ??= Empty;
        if (Sum(contents) != Count(datatype, contents)) throw Fault(label, $"has contents of another datatype; {Datatypes.NameOf(datatype)} takes {FieldOf(datatype)} alone");
        if (Count(datatype, contents) != elements)
            throw Fault(label, $"has {Count(datatype, contents)} elements in {FieldOf(datatype)}, but its shape {TensorShapes.ToText(shape)} takes {elements}; make shape and contents agree");

        return datatype switch
        {
            TensorDatatype.BOOL => Copy(contents.BoolContents),
            TensorDatatype.INT8 => Narrow<int, sbyte>(label, datatype, contents.IntContents),
            TensorDatatype.INT16 => Narrow<int, short>(label, datatype, contents.IntContents),
            TensorDatatype.INT32 => Copy(contents.IntContents),
            TensorDatatype.INT64 => Copy(contents.Int64Contents),
            TensorDatatype.UINT8 => Narrow<uint, byte>(label, datatype, contents.UintContents),
            TensorDatatype.UINT16 => Narrow<uint, ushort>(label, datatype, contents.UintContents),
            TensorDatatype.UINT32 => Copy(contents.UintContents),
            TensorDatatype.UINT64 => Copy(contents.Uint64Contents),
            TensorDatatype.FP32 => Copy(contents.Fp32Contents),
            TensorDatatype.FP64 => Copy(contents.Fp64Contents),
            _ => ReadStrings(contents.BytesContents),
        };
    }

    /// <summary>The typed form of a tensor whose datatype <see cref="CanHold"/>.</summary>
    public static InferTensorContents Write(Tensor tensor)
    {
        var contents = new InferTensorContents();
        switch (tensor.Datatype)
        {
            case TensorDatatype.BOOL:
                foreach (var element in tensor.Data) contents.BoolContents.Add(element != 0);
                break;
            case TensorDatatype.INT8:
                Widen<sbyte, int>(tensor, contents.IntContents);
                break;
            case TensorDatatype.INT16:
                Widen<short, int>(tensor, contents.IntContents);
                break;
            case TensorDatatype.INT32:
                contents.IntContents.AddRange(tensor.Elements<int>());
                break;
            case TensorDatatype.INT64:
                contents.Int64Contents.AddRange(tensor.Elements<long>());
                break;
            case TensorDatatype.UINT8:
                Widen<byte, uint>(tensor, contents.UintContents);
                break;
            case TensorDatatype.UINT16:
                Widen<ushort, uint>(tensor, contents.UintContents);
                break;
            case TensorDatatype.UINT32:
                contents.UintContents.AddRange(tensor.Elements<uint>());
                break;
            case TensorDatatype.UINT64:
                contents.Uint64Contents.AddRange(tensor.Elements<ulong>());
                break;
            case TensorDatatype.FP32:
                contents.Fp32Contents.AddRange(tensor.Elements<float>());
                break;
            case TensorDatatype.FP64:
                contents.Fp64Contents.AddRange(tensor.Elements<double>());
                break;
            case TensorDatatype.BYTES:
                WriteStrings(tensor.Data, contents.BytesContents);
                break;
        }

        return contents;
    }

    private static string FieldOf(TensorDatatype datatype) => datatype switch
    {
        TensorDatatype.BOOL => "bool_contents",
        TensorDatatype.INT8 or TensorDatatype.INT16 or TensorDatatype.INT32 => "int_contents",
        TensorDatatype.INT64 => "int64_contents",
        TensorDatatype.UINT8 or TensorDatatype.UINT16 or TensorDatatype.UINT32 => "uint_contents",
        TensorDatatype.UINT64 => "uint64_contents",
        TensorDatatype.FP32 => "fp32_contents",
        TensorDatatype.FP64 => "fp64_contents",
        _ => "bytes_contents",
    };

    private static int Count(TensorDatatype datatype, InferTensorContents contents) => datatype switch
    {
        TensorDatatype.BOOL => contents.BoolContents.Count,
        TensorDatatype.INT8 or TensorDatatype.INT16 or TensorDatatype.INT32 => contents.IntContents.Count,
        TensorDatatype.INT64 => contents.Int64Contents.Count,
        TensorDatatype.UINT8 or TensorDatatype.UINT16 or TensorDatatype.UINT32 => contents.UintContents.Count,
        TensorDatatype.UINT64 => contents.Uint64Contents.Count,
        TensorDatatype.FP32 => contents.Fp32Contents.Count,
        TensorDatatype.FP64 => contents.Fp64Contents.Count,
        _ => contents.BytesContents.Count,
    };

    private static long Sum(InferTensorContents contents) =>
        (long)contents.BoolContents.Count + contents.IntContents.Count + contents.Int64Contents.Count + contents.UintContents.Count
        + contents.Uint64Contents.Count + contents.Fp32Contents.Count + contents.Fp64Contents.Count + contents.BytesContents.Count;

    private static byte[] Copy<T>(RepeatedField<T> elements)
        where T : unmanaged => MemoryMarshal.AsBytes(UnsafeCollectionOperations.AsSpan(elements)).ToArray();

    private static byte[] Narrow<TWide, TNarrow>(string label, TensorDatatype datatype, RepeatedField<TWide> elements)
        where TWide : unmanaged, INumber<TWide>
        where TNarrow : unmanaged, INumber<TNarrow>, IMinMaxValue<TNarrow>
    {
        var data = new byte[elements.Count * Marshal.SizeOf<TNarrow>()];
        var narrow = MemoryMarshal.Cast<byte, TNarrow>(data.AsSpan());
        ReadOnlySpan<TWide> wide = UnsafeCollectionOperations.AsSpan(elements);
        for (var i = 0; i < wide.Length; i++)
        {
            narrow[i] = TNarrow.CreateTruncating(wide[i]);
            if (TWide.CreateTruncating(narrow[i]) != wide[i])
                throw Fault(label, $"has {wide[i]} at element {i}; {Datatypes.NameOf(datatype)} takes {TNarrow.MinValue} to {TNarrow.MaxValue}");
        }

        return data;
    }

    private static void Widen<TNarrow, TWide>(Tensor tensor, RepeatedField<TWide> elements)
        where TNarrow : unmanaged, INumber<TNarrow>
        where TWide : unmanaged, INumber<TWide>
    {
        var narrow = tensor.Elements<TNarrow>();
        elements.Capacity = narrow.Length;
        foreach (var element in narrow) elements.Add(TWide.CreateTruncating(element));
    }

    private static byte[] ReadStrings(RepeatedField<ByteString> strings)
    {
        var length = 0;
        foreach (var text in strings) length = checked(length + PrefixBytes + text.Length);

        var data = new byte[length];
        var rest = data.AsSpan();
        foreach (var text in strings)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, text.Length);
            text.Span.CopyTo(rest[PrefixBytes..]);
            rest = rest[(PrefixBytes + text.Length)..];
        }

        return data;
    }

    private static void WriteStrings(byte[] data, RepeatedField<ByteString> strings)
    {
        for (var rest = data.AsMemory(); rest.Length > 0;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(rest.Span);
            strings.Add(UnsafeByteOperations.UnsafeWrap(rest.Slice(PrefixBytes, length)));
            rest = rest[(PrefixBytes + length)..];
        }
    }

    private static InferenceException Fault(string field, string fault) => InferenceException.InvalidInput(new FieldError(field, fault, null));
}
