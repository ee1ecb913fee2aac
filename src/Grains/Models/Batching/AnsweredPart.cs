namespace OrleansInference.Grains.Models.Batching;

/// <summary>The answer to some rows of a request that was split.</summary>
internal sealed record AnsweredPart(int FirstRow, Tensor[] Outputs)
{
    /// <summary>The answer to the whole request: the rows of all parts in their order.</summary>
    public static Tensor[] Join(IReadOnlyList<AnsweredPart> parts)
    {
        var ordered = parts.OrderBy(part => part.FirstRow).ToArray();
        return [.. Enumerable.Range(0, ordered[0].Outputs.Length).Select(i => Join(Array.ConvertAll(ordered, part => part.Outputs[i])))];
    }

    private static Tensor Join(Tensor[] parts)
    {
        var shape = (long[])parts[0].Shape.Clone();
        shape[0] = parts.Sum(part => part.Shape[0]);
        var data = GC.AllocateUninitializedArray<byte>(parts.Sum(part => part.Data.Length));
        var rest = data.AsSpan();
        foreach (var part in parts)
        {
            part.Data.CopyTo(rest);
            rest = rest[part.Data.Length..];
        }

        return parts[0] with { Shape = shape, Data = data };
    }
}
