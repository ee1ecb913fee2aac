using System.Runtime.InteropServices;

namespace OrleansInference;

/// <summary>A named array of one datatype: the raw form of the Open Inference Protocol, so that batching and the wire are byte copies.</summary>
[GenerateSerializer, Immutable, Alias("inference.tensor")]
public sealed record Tensor
{
    /// <summary>The model's name for this input or output.</summary>
    [Id(0)]
    public required string Name { get; init; }

    /// <summary>The element type.</summary>
    [Id(1)]
    public required TensorDatatype Datatype { get; init; }

    /// <summary>The dimensions; the first is the batch where the model has one.</summary>
    [Id(2)]
    public required long[] Shape { get; init; }

    /// <summary>The elements: row-major, little-endian; see <see cref="TensorDatatype.BYTES"/> for strings.</summary>
    [Id(3)]
    public required byte[] Data { get; init; }

    /// <summary>Makes a tensor of numbers; the bytes are copied.</summary>
    public static Tensor Create<T>(string name, TensorDatatype datatype, long[] shape, ReadOnlySpan<T> elements)
        where T : unmanaged =>
        new() { Name = name, Datatype = datatype, Shape = shape, Data = MemoryMarshal.AsBytes(elements).ToArray() };

    /// <summary>The elements of a tensor of numbers, without a copy.</summary>
    public ReadOnlySpan<T> Elements<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(Data);
}
