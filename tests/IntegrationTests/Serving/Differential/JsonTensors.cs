using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using OrleansInference;

namespace IntegrationTests.Serving.Differential;

/// <summary>Elements of tensors as JSON, written apart from the product's own code.</summary>
internal static class JsonTensors
{
    public static void Write(Utf8JsonWriter json, Tensor tensor)
    {
        switch (tensor.Datatype)
        {
            case TensorDatatype.BOOL: Each<byte>(tensor, element => json.WriteBooleanValue(element != 0)); break;
            case TensorDatatype.UINT8: Each<byte>(tensor, element => json.WriteNumberValue(element)); break;
            case TensorDatatype.UINT16: Each<ushort>(tensor, element => json.WriteNumberValue(element)); break;
            case TensorDatatype.UINT32: Each<uint>(tensor, json.WriteNumberValue); break;
            case TensorDatatype.UINT64: Each<ulong>(tensor, json.WriteNumberValue); break;
            case TensorDatatype.INT8: Each<sbyte>(tensor, element => json.WriteNumberValue(element)); break;
            case TensorDatatype.INT16: Each<short>(tensor, element => json.WriteNumberValue(element)); break;
            case TensorDatatype.INT32: Each<int>(tensor, json.WriteNumberValue); break;
            case TensorDatatype.INT64: Each<long>(tensor, json.WriteNumberValue); break;
            case TensorDatatype.FP32: Each<float>(tensor, json.WriteNumberValue); break;
            case TensorDatatype.FP64: Each<double>(tensor, json.WriteNumberValue); break;
            case TensorDatatype.BYTES: foreach (var text in Strings(tensor.Data)) json.WriteStringValue(text.Span); break;
            default: throw new NotSupportedException($"{tensor.Datatype} has no JSON form.");
        }
    }

    public static byte[] Read(TensorDatatype datatype, JsonElement data) =>
    [
        .. Flatten(data).SelectMany(element => datatype switch
        {
            TensorDatatype.BOOL => [element.GetBoolean() ? (byte)1 : (byte)0],
            TensorDatatype.UINT8 => [element.GetByte()],
            TensorDatatype.UINT16 => Bytes(element.GetUInt16()),
            TensorDatatype.UINT32 => Bytes(element.GetUInt32()),
            TensorDatatype.UINT64 => Bytes(element.GetUInt64()),
            TensorDatatype.INT8 => Bytes(element.GetSByte()),
            TensorDatatype.INT16 => Bytes(element.GetInt16()),
            TensorDatatype.INT32 => Bytes(element.GetInt32()),
            TensorDatatype.INT64 => Bytes(element.GetInt64()),
            TensorDatatype.FP32 => Bytes(element.GetSingle()),
            TensorDatatype.FP64 => Bytes(element.GetDouble()),
            _ => Text(Encoding.UTF8.GetBytes(element.GetString()!)),
        }),
    ];

    /// <summary>A string as a tensor holds it.</summary>
    public static byte[] Text(byte[] text) => [.. Bytes(text.Length), .. text];

    private static IEnumerable<ReadOnlyMemory<byte>> Strings(byte[] data)
    {
        for (ReadOnlyMemory<byte> rest = data; rest.Length > 0;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(rest.Span);
            yield return rest.Slice(sizeof(int), length);
            rest = rest[(sizeof(int) + length)..];
        }
    }

    private static IEnumerable<JsonElement> Flatten(JsonElement data) =>
        data.EnumerateArray().SelectMany(element => element.ValueKind is JsonValueKind.Array ? Flatten(element) : [element]);

    private static void Each<T>(Tensor tensor, Action<T> write)
        where T : unmanaged
    {
        foreach (var element in tensor.Elements<T>()) write(element);
    }

    private static byte[] Bytes<T>(T element)
        where T : unmanaged => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in element)).ToArray();
}
