using System.Buffers;
using System.Buffers.Binary;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>A body that is one input's bytes and nothing else: its name, datatype and shape come from the model.</summary>
internal static class RawInput
{
    private const int PrefixBytes = sizeof(uint);

    /// <exception cref="InferenceException">InvalidInput: the model leaves more than one thing open, or the bytes do not fit.</exception>
    public static Tensor Read(ReadOnlySequence<byte> body, ModelDescription model)
    {
        if (model.Inputs is not [var input]) throw Fault(model, $"has {model.Inputs.Count} inputs ({string.Join(", ", model.Inputs.Select(each => each.Name))})");

        var shape = input.Shape.ToArray();
        if (model.MaxBatchSize > 0) shape[0] = 1;
        var data = input.Datatype is TensorDatatype.BYTES ? ReadString(body, shape, model) : body.ToArray();
        Complete(shape, input, data, model);
        if (TensorShapes.Check(shape, out var elements) is { } fault || (fault = RawTensors.Check(input.Datatype, shape, elements, data)) is not null)
            throw OpenInferenceJson.Fault($"input '{input.Name}'", fault);
        return new Tensor { Name = input.Name, Datatype = input.Datatype, Shape = shape, Data = data };
    }

    // The body is one string as it is, such as a picture: no length before it.
    private static byte[] ReadString(ReadOnlySequence<byte> body, long[] shape, ModelDescription model)
    {
        if (shape.Any(dimension => dimension is not (1 or -1))) throw Fault(model, $"takes more than one string, of shape {TensorShapes.ToText(shape)}");
        Array.Fill(shape, 1);

        var data = new byte[PrefixBytes + body.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(data, (uint)body.Length);
        body.CopyTo(data.AsSpan(PrefixBytes));
        return data;
    }

    // The one dimension that the model leaves open is what the bytes make it.
    private static void Complete(long[] shape, TensorMetadata input, byte[] data, ModelDescription model)
    {
        if (shape.Count(dimension => dimension < 0) > 1) throw Fault(model, $"takes shape {TensorShapes.ToText(shape)}, which leaves more than one dimension open");
        var open = Array.IndexOf(shape, -1);
        if (open < 0) return;

        var others = shape.Where(dimension => dimension >= 0).Aggregate((long)Datatypes.SizeOf(input.Datatype), (product, dimension) => product * dimension);
        shape[open] = others == 0 ? 0 : data.Length / others;
    }

    private static InferenceException Fault(ModelDescription model, string fault) => OpenInferenceJson.Fault(
        $"model '{model.Name}'", $"{fault}, so the bytes alone do not tell the request; send JSON before them and its length in {BinaryTail.Header}");
}
