using System.Buffers.Binary;
using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models;

/// <summary>Holds tensors against what the model's file declares, before native code sees their bytes.</summary>
internal static class TensorValidation
{
    public static void ThrowIfInvalid(string model, int version, ModelMetadata metadata, IReadOnlyList<Tensor> inputs)
    {
        List<FieldError>? faults = null;
        foreach (var input in inputs)
        {
            if (Check(metadata, input) is { } fault) (faults ??= []).Add(new FieldError(input.Name, fault, Describe(input)));
        }

        foreach (var declared in metadata.Inputs)
        {
            var count = inputs.Count(input => input.Name == declared.Name);
            if (count != 1) (faults ??= []).Add(new FieldError(declared.Name, $"is an input of {model}/{version} and must be sent once, but came {count} times", null));
        }

        if (faults is not null) throw InferenceException.InvalidInput(faults);
    }

    private static string? Check(ModelMetadata metadata, Tensor input)
    {
        if (metadata.FindInput(input.Name) is not { } declared) return $"is no input of the model; its inputs are {string.Join(", ", metadata.Inputs.Select(i => i.Name))}";
        if (declared.Datatype != input.Datatype) return $"must have datatype {declared.Datatype}";
        if (!Fits(declared.Shape, input.Shape)) return $"must have shape [{string.Join(", ", declared.Shape)}], where -1 is any size";
        return HasRightSize(input) ? null : "must have exactly as many bytes as its shape and datatype say";
    }

    private static bool Fits(IReadOnlyList<long> declared, long[] shape)
    {
        if (declared.Count != shape.Length) return false;
        for (var i = 0; i < shape.Length; i++)
        {
            if (shape[i] < 0 || (declared[i] >= 0 && declared[i] != shape[i])) return false;
        }

        return true;
    }

    private static bool HasRightSize(Tensor input)
    {
        long elements = 1;
        foreach (var dimension in input.Shape)
        {
            // A product beyond any array's length cannot be right, and must not overflow into something that looks so.
            if (dimension > 0 && elements > Array.MaxLength / dimension) return false;
            elements *= dimension;
        }

        return input.Datatype is TensorDatatype.BYTES ? CountStrings(input.Data) == elements : elements * OnnxDatatypes.SizeOf(input.Datatype) == input.Data.Length;
    }

    private static long CountStrings(ReadOnlySpan<byte> data)
    {
        long count = 0;
        for (; data.Length > 0; count++)
        {
            if (data.Length < 4 || BinaryPrimitives.ReadInt32LittleEndian(data) is var length && (length < 0 || length > data.Length - 4)) return -1;
            data = data[(4 + length)..];
        }

        return count;
    }

    private static string Describe(Tensor input) => $"{input.Datatype} [{string.Join(", ", input.Shape)}], {input.Data.Length} bytes";
}
