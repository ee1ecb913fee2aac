namespace OrleansInference.Api.OpenInference;

/// <summary>What a shape says of its tensor's size, before anything is allocated for it.</summary>
internal static class TensorShapes
{
    /// <summary>Most dimensions of a tensor: more than any model has, and few enough to walk on the stack.</summary>
    public const int MaxRank = 32;

    /// <summary>The elements that a shape stands for; the fault, where it stands for none that a request can hold.</summary>
    public static string? Check(ReadOnlySpan<long> shape, out long elements)
    {
        elements = 1;
        if (shape.Length > MaxRank) return $"has {shape.Length} dimensions; send at most {MaxRank}";

        var empty = false;
        foreach (var dimension in shape)
        {
            if (dimension < 0) return $"has the dimension {dimension} in its shape {ToText(shape)}; send the real size, 0 or more";
            empty |= dimension == 0;
        }

        if (empty) elements = 0;
        else if (!TryMultiply(shape, ref elements)) return $"has the shape {ToText(shape)}, which stands for more elements than a request can hold; send at most {Array.MaxLength}";
        return null;
    }

    /// <summary>The shape as JSON writes it.</summary>
    public static string ToText(ReadOnlySpan<long> shape) => $"[{string.Join(", ", shape.ToArray())}]";

    // The product must not overflow into something that looks right.
    private static bool TryMultiply(ReadOnlySpan<long> shape, ref long elements)
    {
        foreach (var dimension in shape)
        {
            if (elements > Array.MaxLength / dimension) return false;
            elements *= dimension;
        }

        return true;
    }
}
