using System.Buffers.Binary;
using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models;

/// <summary>Holds tensors against what the model's file declares, before native code sees their bytes.</summary>
/// <remarks>It runs for every request: good tensors cost comparisons only, and the words are found for faulty ones alone.</remarks>
internal static class TensorValidation
{
    /// <param name="joins">Whether the first dimension is the batch, which all inputs must then agree on.</param>
    /// <exception cref="InferenceException">InvalidInput: each fault with what was expected, what came and the remedy.</exception>
    public static void ThrowIfInvalid(string model, int version, ModelMetadata metadata, IReadOnlyList<Tensor> inputs, bool joins = false)
    {
        if (!AreValid(metadata.Inputs, inputs, joins)) throw InferenceException.InvalidInput(TensorFaults.Find($"{model}/{version}", metadata.Inputs, inputs, joins));
    }

    /// <summary>The same tensors in the model's order: the list itself where that is its order already.</summary>
    public static IReadOnlyList<Tensor> InModelOrder(ModelMetadata metadata, IReadOnlyList<Tensor> inputs)
    {
        for (var i = 0; i < inputs.Count; i++)
        {
            if (inputs[i].Name != metadata.Inputs[i].Name) return Reorder(metadata.Inputs, inputs);
        }

        return inputs;
    }

    /// <summary>What is wrong with the shape and bytes of a tensor that is an input.</summary>
    public static TensorFault Check(TensorMetadata declared, Tensor input)
    {
        if (declared.Datatype != input.Datatype) return TensorFault.Datatype;
        if (declared.Shape.Count != input.Shape.Length) return TensorFault.Rank;
        if (CheckDimensions(declared.Shape, input.Shape, out var elements) is var fault and not TensorFault.None) return fault;
        if (input.Datatype is TensorDatatype.BYTES) return CheckStrings(input.Data, elements);
        return elements * OnnxDatatypes.SizeOf(input.Datatype) == input.Data.Length ? TensorFault.None : TensorFault.ByteCount;
    }

    private static bool AreValid(IReadOnlyList<TensorMetadata> declared, IReadOnlyList<Tensor> inputs, bool joins)
    {
        // As many as declared, and each declared one among them: then none is missing, unknown or sent twice.
        if (inputs.Count != declared.Count) return false;
        long rows = -1;
        for (var i = 0; i < declared.Count; i++)
        {
            if (Find(inputs, declared[i].Name, i) is not { } input || Check(declared[i], input) is not TensorFault.None) return false;
            if (!joins) continue;
            if (rows >= 0 && rows != input.Shape[0]) return false;
            rows = input.Shape[0];
        }

        return true;
    }

    private static Tensor? Find(IReadOnlyList<Tensor> inputs, string name, int likely)
    {
        if (inputs[likely].Name == name) return inputs[likely];
        for (var i = 0; i < inputs.Count; i++)
        {
            if (inputs[i].Name == name) return inputs[i];
        }

        return null;
    }

    private static TensorFault CheckDimensions(IReadOnlyList<long> declared, long[] shape, out long elements)
    {
        elements = 1;
        for (var i = 0; i < shape.Length; i++)
        {
            if (shape[i] < 0) return TensorFault.NegativeDimension;
            if (declared[i] >= 0 && declared[i] != shape[i]) return TensorFault.Dimension;

            // A product beyond any array's length cannot be right, and must not overflow into something that looks so.
            if (shape[i] > 0 && elements > Array.MaxLength / shape[i]) return TensorFault.TooLarge;
            elements *= shape[i];
        }

        return TensorFault.None;
    }

    private static TensorFault CheckStrings(ReadOnlySpan<byte> data, long elements)
    {
        long count = 0;
        for (; data.Length > 0; count++)
        {
            if (data.Length < 4 || BinaryPrimitives.ReadInt32LittleEndian(data) is var length && (length < 0 || length > data.Length - 4)) return TensorFault.BrokenString;
            data = data[(4 + length)..];
        }

        return count == elements ? TensorFault.None : TensorFault.StringCount;
    }

    private static Tensor[] Reorder(IReadOnlyList<TensorMetadata> declared, IReadOnlyList<Tensor> inputs)
    {
        var ordered = new Tensor[declared.Count];
        for (var i = 0; i < ordered.Length; i++) ordered[i] = Find(inputs, declared[i].Name, i)!;
        return ordered;
    }
}

/// <summary>The first thing that is wrong with a tensor.</summary>
internal enum TensorFault
{
    None,
    Datatype,
    Rank,
    Dimension,
    NegativeDimension,
    TooLarge,
    ByteCount,
    BrokenString,
    StringCount,
}
