using System.Buffers.Binary;
using System.Text;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models.Planning;

/// <summary>One input tensor and the features that fill it.</summary>
public sealed record PlannedInput(string Name, TensorDatatype Datatype, long[] Shape, int[] Features)
{
    /// <summary>Datatypes that features can become.</summary>
    public static readonly IReadOnlyList<TensorDatatype> Supported =
        [TensorDatatype.FP32, TensorDatatype.FP64, TensorDatatype.INT64, TensorDatatype.INT32, TensorDatatype.BOOL, TensorDatatype.BYTES];

    /// <summary>The tensor for one prediction.</summary>
    public Tensor ToTensor(ReadOnlySpan<FeatureValue> features) => new()
    {
        Name = Name,
        Datatype = Datatype,
        Shape = Shape,
        Data = Datatype is TensorDatatype.BYTES ? Encode(features) : Convert(features),
    };

    private byte[] Convert(ReadOnlySpan<FeatureValue> features)
    {
        var size = OnnxDatatypes.SizeOf(Datatype);
        var data = new byte[Features.Length * size];
        for (var i = 0; i < Features.Length; i++) Write(data.AsSpan(i * size), features[Features[i]].Number);
        return data;
    }

    private void Write(Span<byte> target, double number)
    {
        switch (Datatype)
        {
            case TensorDatatype.FP32:
                BinaryPrimitives.WriteSingleLittleEndian(target, (float)number);
                break;
            case TensorDatatype.FP64:
                BinaryPrimitives.WriteDoubleLittleEndian(target, number);
                break;
            case TensorDatatype.INT64:
                BinaryPrimitives.WriteInt64LittleEndian(target, (long)number);
                break;
            case TensorDatatype.INT32:
                BinaryPrimitives.WriteInt32LittleEndian(target, (int)number);
                break;
            default:
                target[0] = number != 0 ? (byte)1 : (byte)0;
                break;
        }
    }

    private byte[] Encode(ReadOnlySpan<FeatureValue> features)
    {
        using var data = new MemoryStream();
        Span<byte> length = stackalloc byte[4];
        foreach (var feature in Features)
        {
            var text = Encoding.UTF8.GetBytes(features[feature].ToString());
            BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
            data.Write(length);
            data.Write(text);
        }

        return data.ToArray();
    }
}
