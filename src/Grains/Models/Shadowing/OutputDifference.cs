using System.Buffers.Binary;
using System.Numerics;

namespace OrleansInference.Grains.Models.Shadowing;

/// <summary>How far a shadow's outputs are from those that were answered.</summary>
/// <param name="Largest">The largest absolute difference of two numbers; null where there were no numbers to compare.</param>
/// <param name="Mismatches">Elements without a distance that are not the same: strings, NaN or infinity beside a number, and every element of a tensor that the other side lacks or shapes otherwise.</param>
internal readonly record struct OutputDifference(double? Largest, long Mismatches)
{
    public static OutputDifference Between(IReadOnlyList<Tensor> answered, IReadOnlyList<Tensor> shadowed)
    {
        var difference = default(OutputDifference);
        foreach (var tensor in answered)
        {
            difference = difference.And(Between(tensor, shadowed.FirstOrDefault(other => other.Name == tensor.Name)));
        }

        return difference;
    }

    private static OutputDifference Between(Tensor answered, Tensor? shadowed)
    {
        if (shadowed is null || shadowed.Datatype != answered.Datatype || !shadowed.Shape.AsSpan().SequenceEqual(answered.Shape))
            return new OutputDifference(null, Count(answered));
        return answered.Datatype switch
        {
            TensorDatatype.FP32 => Numbers<float>(answered, shadowed),
            TensorDatatype.FP64 => Numbers<double>(answered, shadowed),
            TensorDatatype.FP16 => Numbers<Half>(answered, shadowed),
            TensorDatatype.BF16 => BrainFloats(answered, shadowed),
            TensorDatatype.INT8 => Numbers<sbyte>(answered, shadowed),
            TensorDatatype.INT16 => Numbers<short>(answered, shadowed),
            TensorDatatype.INT32 => Numbers<int>(answered, shadowed),
            TensorDatatype.INT64 => Numbers<long>(answered, shadowed),
            TensorDatatype.UINT16 => Numbers<ushort>(answered, shadowed),
            TensorDatatype.UINT32 => Numbers<uint>(answered, shadowed),
            TensorDatatype.UINT64 => Numbers<ulong>(answered, shadowed),
            TensorDatatype.BYTES => Strings(answered.Data, shadowed.Data),
            _ => Numbers<byte>(answered, shadowed),
        };
    }

    private static OutputDifference Numbers<T>(Tensor answered, Tensor shadowed)
        where T : unmanaged, INumberBase<T>
    {
        ReadOnlySpan<T> left = answered.Elements<T>(), right = shadowed.Elements<T>();
        var difference = default(OutputDifference);
        for (var i = 0; i < left.Length; i++)
        {
            difference = difference.And(Numbers(double.CreateTruncating(left[i]), double.CreateTruncating(right[i])));
        }

        return difference;
    }

    // A BF16 is the upper half of an FP32; .NET has no type of its own for it that computes.
    private static OutputDifference BrainFloats(Tensor answered, Tensor shadowed)
    {
        ReadOnlySpan<ushort> left = answered.Elements<ushort>(), right = shadowed.Elements<ushort>();
        var difference = default(OutputDifference);
        for (var i = 0; i < left.Length; i++)
        {
            difference = difference.And(Numbers(BitConverter.Int32BitsToSingle(left[i] << 16), BitConverter.Int32BitsToSingle(right[i] << 16)));
        }

        return difference;
    }

    // Equal first: two infinities have no difference, and neither have two NaNs.
    private static OutputDifference Numbers(double left, double right)
    {
        if (left.Equals(right)) return new OutputDifference(0, 0);
        var distance = Math.Abs(left - right);
        return double.IsFinite(distance) ? new OutputDifference(distance, 0) : new OutputDifference(null, 1);
    }

    private static OutputDifference Strings(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        long mismatches = 0;
        while (left.Length > 0)
        {
            if (!Next(ref left).SequenceEqual(Next(ref right))) mismatches++;
        }

        return new OutputDifference(null, mismatches);
    }

    private static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> strings)
    {
        var end = 4 + BinaryPrimitives.ReadInt32LittleEndian(strings);
        var next = strings[4..end];
        strings = strings[end..];
        return next;
    }

    private static long Count(Tensor tensor) => tensor.Shape.Aggregate(1L, (product, dimension) => product * dimension);

    private OutputDifference And(OutputDifference other) => new(
        Largest is null ? other.Largest : other.Largest is null ? Largest : Math.Max(Largest.Value, other.Largest.Value),
        Mismatches + other.Mismatches);
}
