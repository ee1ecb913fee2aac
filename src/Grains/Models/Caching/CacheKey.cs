using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace OrleansInference.Grains.Models.Caching;

/// <summary>One number for everything that an answer depends on: the version, the inputs, and the outputs asked for.</summary>
/// <remarks>
/// XxHash128 with a seed of this process: two requests share a key by accident once in some 10^19 entries, and nobody outside can
/// look for two that do. Every part stands behind its length, so that moving a byte from one part to the next is another key.
/// </remarks>
internal static class CacheKey
{
    private static readonly long Seed = Random.Shared.NextInt64();

    // A hasher holds a buffer that is worth keeping; it is used between two statements of one thread.
    [ThreadStatic]
    private static XxHash128? _hasher;

    public static UInt128 Of(long version, InferenceRequest request)
    {
        var hasher = _hasher ??= new XxHash128(Seed);
        hasher.Reset();
        Append(hasher, version);
        Append(hasher, request.Inputs.Count);
        foreach (var input in request.Inputs) Append(hasher, input);
        Append(hasher, request.Outputs?.Count ?? -1);
        foreach (var output in request.Outputs ?? []) Append(hasher, output);
        return hasher.GetCurrentHashAsUInt128();
    }

    private static void Append(XxHash128 hasher, Tensor tensor)
    {
        Append(hasher, tensor.Name);
        Append(hasher, (long)tensor.Datatype);
        AppendBytes(hasher, MemoryMarshal.AsBytes<long>(tensor.Shape));
        AppendBytes(hasher, tensor.Data);
    }

    private static void Append(XxHash128 hasher, string text) => AppendBytes(hasher, MemoryMarshal.AsBytes<char>(text));

    private static void AppendBytes(XxHash128 hasher, ReadOnlySpan<byte> bytes)
    {
        Append(hasher, bytes.Length);
        hasher.Append(bytes);
    }

    private static void Append(XxHash128 hasher, long number) => hasher.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<long>(in number)));
}
