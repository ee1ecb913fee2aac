using System.Buffers.Binary;
using System.Globalization;
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

    private const string RequestPrefix = "request.";

    /// <summary>The names of <see cref="Features"/>, for messages.</summary>
    public IReadOnlyList<string> FeatureNames { get; init; } = [];

    /// <summary>The tensor for one prediction.</summary>
    /// <exception cref="InferenceException">A number is beyond the input's datatype: InvalidInput where it came with the request, else ModelFailed.</exception>
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
        for (var i = 0; i < Features.Length; i++)
        {
            var number = features[Features[i]].Number;
            if (!Holds(number)) throw TooLarge(i, number);
            Write(data.AsSpan(i * size), number);
        }

        return data;
    }

    // The model would be blamed for an infinity that it was never sent, or for another whole number: a cast ends at the range's end.
    // Fractions are cut, and NaN, which stands for nothing, is 0. As a double long.MaxValue is one more than INT64 holds.
    private bool Holds(double number) => Datatype switch
    {
        TensorDatatype.FP32 => !double.IsFinite(number) || float.IsFinite((float)number),
        TensorDatatype.INT64 => double.IsNaN(number) || number is >= long.MinValue and < long.MaxValue,
        TensorDatatype.INT32 => double.IsNaN(number) || Math.Truncate(number) is >= int.MinValue and <= int.MaxValue,
        _ => true,
    };

    private string Range => Datatype switch
    {
        TensorDatatype.FP32 => "-3.4E+38 to 3.4E+38",
        TensorDatatype.INT64 => $"{long.MinValue} to {long.MaxValue}",
        _ => $"{int.MinValue} to {int.MaxValue}",
    };

    private InferenceException TooLarge(int position, double number)
    {
        var (name, value) = (FeatureNames.ElementAtOrDefault(position) ?? Name, number.ToString("R", CultureInfo.InvariantCulture));
        return name.StartsWith(RequestPrefix, StringComparison.Ordinal)
            ? InferenceException.InvalidInput(new FieldError(name[RequestPrefix.Length..], $"is beyond what the model's {Datatype} input holds; send {Range}", value))
            : new InferenceException(
                InferenceErrorCode.ModelFailed, $"The feature {name} is {value}, which is beyond what the model's {Datatype} input '{Name}' holds ({Range}). Correct its source.");
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
