using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using OrleansInference.Grains.Models.Manifest;
using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models.Loading;

/// <summary>Tensors for a warm-up, as the manifest wrote them or made up.</summary>
internal static class WarmUpRequest
{
    /// <summary>A sample request; what does not fit the version is a fault.</summary>
    public static InferenceRequest Read(string path, WarmUpSection sample, IServedVersion version, ManifestFaults faults)
    {
        var inputs = new List<Tensor>();
        for (var i = 0; i < sample.Inputs.Count; i++)
        {
            var (inputPath, input) = ($"{path}.inputs[{i}]", sample.Inputs[i]);
            if (version.Metadata.FindInput(input.Name) is { } metadata) inputs.Add(Read(inputPath, input, metadata, faults));
            else faults.Add($"{inputPath}.name", $"version {version.Version} of the model has no input '{input.Name}'. Its inputs are: {string.Join(", ", version.Metadata.Inputs.Select(known => known.Name))}.");
        }

        return new InferenceRequest { Inputs = inputs, Priority = InferencePriority.Bulk };
    }

    /// <summary>A tensor of ones or zeros, or of empty strings.</summary>
    public static Tensor Fill(TensorMetadata input, long[] shape, bool one)
    {
        var count = (int)shape.Aggregate(1L, (product, dimension) => product * dimension);
        var element = input.Datatype is TensorDatatype.BYTES ? new byte[4] : Encode(input.Datatype, one ? 1 : 0);
        var data = new byte[count * element.Length];
        for (var i = 0; i < count; i++) element.CopyTo(data, i * element.Length);
        return new Tensor { Name = input.Name, Datatype = input.Datatype, Shape = shape, Data = data };
    }

    private static Tensor Read(string path, WarmUpInputSection input, TensorMetadata metadata, ManifestFaults faults)
    {
        var data = new MemoryStream();
        var elements = Flatten(input.Data).ToArray();
        var expected = input.Shape.Aggregate(1L, (product, dimension) => product * dimension);
        if (elements.Length != expected) faults.Add($"{path}.data", $"it has {elements.Length} elements, but the shape [{string.Join(", ", input.Shape)}] has {expected}. Make them agree.");
        foreach (var element in elements)
        {
            if (TryEncode(metadata.Datatype, element, out var bytes))
            {
                data.Write(bytes);
                continue;
            }

            faults.Add($"{path}.data", $"{FieldError.Quote(element.GetRawText())} is no {metadata.Datatype}. Write one.");
            break;
        }

        return new Tensor { Name = metadata.Name, Datatype = metadata.Datatype, Shape = [.. input.Shape], Data = data.ToArray() };
    }

    private static IEnumerable<JsonElement> Flatten(JsonElement data) =>
        data.ValueKind is JsonValueKind.Array ? data.EnumerateArray().SelectMany(Flatten) : [data];

    private static bool TryEncode(TensorDatatype datatype, JsonElement element, out byte[] bytes)
    {
        bytes = [];
        try
        {
            bytes = (datatype, element.ValueKind) switch
            {
                (TensorDatatype.BYTES, JsonValueKind.String) => EncodeText(element.GetString()!),
                (TensorDatatype.BOOL, JsonValueKind.True) => [1],
                (TensorDatatype.BOOL, JsonValueKind.False) => [0],
                (TensorDatatype.INT64, JsonValueKind.Number) => BitConverter.GetBytes(element.GetInt64()),
                (TensorDatatype.UINT64, JsonValueKind.Number) => BitConverter.GetBytes(element.GetUInt64()),
                (not (TensorDatatype.BYTES or TensorDatatype.BOOL), JsonValueKind.Number) => Encode(datatype, element.GetDouble()),
                _ => [],
            };
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            // A fraction or a number out of the type's range.
        }

        return bytes.Length > 0;
    }

    private static byte[] EncodeText(string text)
    {
        var bytes = new byte[4 + Encoding.UTF8.GetByteCount(text)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, bytes.Length - 4);
        Encoding.UTF8.GetBytes(text, bytes.AsSpan(4));
        return bytes;
    }

    private static byte[] Encode(TensorDatatype datatype, double number) => datatype switch
    {
        TensorDatatype.BOOL => [(byte)(number != 0 ? 1 : 0)],
        TensorDatatype.FP16 => BitConverter.GetBytes((Half)number),
        TensorDatatype.FP32 => BitConverter.GetBytes((float)number),
        TensorDatatype.FP64 => BitConverter.GetBytes(number),
        TensorDatatype.BF16 => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits((float)number) >> 16)),
        _ => EncodeInteger(datatype, Whole(number)),
    };

    private static byte[] EncodeInteger(TensorDatatype datatype, decimal number) => datatype switch
    {
        TensorDatatype.UINT8 => [(byte)number],
        TensorDatatype.UINT16 => BitConverter.GetBytes((ushort)number),
        TensorDatatype.UINT32 => BitConverter.GetBytes((uint)number),
        TensorDatatype.UINT64 => BitConverter.GetBytes((ulong)number),
        TensorDatatype.INT8 => [(byte)(sbyte)number],
        TensorDatatype.INT16 => BitConverter.GetBytes((short)number),
        TensorDatatype.INT32 => BitConverter.GetBytes((int)number),
        _ => BitConverter.GetBytes((long)number),
    };

    private static decimal Whole(double number) =>
        Math.Floor(number) == number ? (decimal)number : throw new FormatException($"{number} is no integer");
}
