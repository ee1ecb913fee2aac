using System.Buffers.Binary;
using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models;

/// <summary>The words for tensors that are not as the model declares them: what was expected, what came, and the remedy.</summary>
internal static class TensorFaults
{
    public static List<FieldError> Find(string model, IReadOnlyList<TensorMetadata> declared, IReadOnlyList<Tensor> inputs, bool joins)
    {
        var faults = new List<FieldError>();
        if (Missing(model, declared, inputs) is { } missing) faults.Add(missing);
        faults.AddRange(inputs.GroupBy(input => input.Name).Where(group => group.Count() > 1).Select(Twice));
        foreach (var input in inputs)
        {
            if (Describe(model, declared, input) is { } fault) faults.Add(new FieldError(input.Name, fault, Describe(input)));
        }

        if (faults.Count == 0 && joins) faults.AddRange(OtherRows(declared, inputs));
        return faults;
    }

    private static FieldError? Missing(string model, IReadOnlyList<TensorMetadata> declared, IReadOnlyList<Tensor> inputs)
    {
        var missing = declared.Where(each => inputs.All(input => input.Name != each.Name)).Select(each => each.Name).ToList();
        return missing.Count == 0
            ? null
            : new FieldError(
                "inputs",
                $"must hold every input of {model}. Expected: {Join(declared.Select(each => each.Name))}; got: {Join(inputs.Select(input => FieldError.Quote(input.Name)))}; missing: {Join(missing)}. Add what is missing.",
                null);
    }

    private static FieldError Twice(IGrouping<string, Tensor> same) =>
        new(same.Key, $"came {same.Count()} times, where an input is sent once. Remove the others.", null);

    private static string? Describe(string model, IReadOnlyList<TensorMetadata> declared, Tensor input)
    {
        if (declared.FirstOrDefault(each => each.Name == input.Name) is not { } wanted)
            return $"is no input of {model}, whose inputs are {Join(declared.Select(each => each.Name))}. Remove it, or correct its name.";

        return TensorValidation.Check(wanted, input) switch
        {
            TensorFault.Datatype => $"must have datatype {wanted.Datatype}, but came as {input.Datatype}. Send it as {wanted.Datatype}.",
            TensorFault.Rank => $"must have {Count(wanted.Shape.Count, "dimension")}, shape {Shape(wanted)}, but came with {input.Shape.Length}, shape {Shape(input.Shape)}. Reshape it.",
            TensorFault.Dimension => $"must have shape {Shape(wanted)}, but came with shape {Shape(input.Shape)}. {FirstWrong(wanted, input)}",
            TensorFault.NegativeDimension => $"must have shape {Shape(wanted)}, but came with shape {Shape(input.Shape)}. Send the sizes it has, each 0 or more.",
            TensorFault.TooLarge => $"came with shape {Shape(input.Shape)}, more elements than the {Array.MaxLength:N0} that an array can hold. Send it in several requests.",
            TensorFault.ByteCount => $"must have {Expected(input)} bytes for {input.Datatype} of shape {Shape(input.Shape)}, but came with {input.Data.Length}. Send {Count(OnnxDatatypes.SizeOf(input.Datatype), "byte")} for each element.",
            TensorFault.BrokenString => $"is cut short: {FirstBroken(input.Data)}. Send for each element its length, 4 bytes little-endian, and then as many bytes.",
            TensorFault.StringCount => $"must hold {Count(Elements(input), "element")} for shape {Shape(input.Shape)}, but its bytes hold {CountStrings(input.Data)}. Send as many elements as its shape says.",
            _ => null,
        };
    }

    private static IEnumerable<FieldError> OtherRows(IReadOnlyList<TensorMetadata> declared, IReadOnlyList<Tensor> inputs)
    {
        var first = inputs.First(input => input.Name == declared[0].Name);
        return inputs.Where(input => input.Shape[0] != first.Shape[0]).Select(input => new FieldError(
            input.Name,
            $"must have as many rows as the other inputs: {first.Name} has {first.Shape[0]}, this has {input.Shape[0]}. The first dimension is the batch; send as many rows in each.",
            Describe(input)));
    }

    private static string Describe(Tensor input) => $"{input.Datatype} {Shape(input.Shape)}, {input.Data.Length} bytes";

    private static string FirstWrong(TensorMetadata wanted, Tensor input)
    {
        var i = Enumerable.Range(0, input.Shape.Length).First(i => wanted.Shape[i] >= 0 && wanted.Shape[i] != input.Shape[i]);
        return $"Make dimension {i} {wanted.Shape[i]} instead of {input.Shape[i]}.";
    }

    private static string FirstBroken(ReadOnlySpan<byte> data)
    {
        var position = 0;
        for (var element = 0; ; element++)
        {
            var rest = data.Length - position;
            if (rest < 4) return $"at byte {position}, where the length of element {element} should stand, {rest} are left";
            var length = BinaryPrimitives.ReadUInt32LittleEndian(data[position..]);
            if (length > rest - 4) return $"element {element} says at byte {position} that it has {length} bytes, but {rest - 4} are left";
            position += 4 + (int)length;
        }
    }

    private static int CountStrings(ReadOnlySpan<byte> data)
    {
        var count = 0;
        for (; data.Length > 0; count++) data = data[(4 + BinaryPrimitives.ReadInt32LittleEndian(data))..];
        return count;
    }

    private static long Elements(Tensor input) => input.Shape.Aggregate(1L, (product, size) => product * size);

    private static long Expected(Tensor input) => Elements(input) * OnnxDatatypes.SizeOf(input.Datatype);

    private static string Shape(TensorMetadata wanted) => wanted.Shape.Contains(-1) ? $"{Shape(wanted.Shape)} (-1 is any size)" : Shape(wanted.Shape);

    private static string Shape(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";

    private static string Count(int count, string thing) => Count((long)count, thing);

    private static string Count(long count, string thing) => $"{count} {thing}{(count == 1 ? "" : "s")}";

    private static string Join(IEnumerable<string> names) => string.Join(", ", names) is { Length: > 0 } joined ? joined : "(none)";
}
