using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansInference.Grains.Models.Sessions;

/// <summary>Memory that native code may write to, kept from run to run and grown where a run needs more.</summary>
internal sealed class PinnedBuffer
{
    // One run of extraordinary size must not hold its memory for good.
    private const int MaxKeptBytes = 16 << 20;

    private byte[] _bytes = [];

    public Span<byte> Reserve(int length)
    {
        if (_bytes.Length < length) _bytes = GC.AllocateUninitializedArray<byte>(Size(length), pinned: true);
        return _bytes.AsSpan(0, length);
    }

    public unsafe nint Address => (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_bytes));

    public void Trim()
    {
        if (_bytes.Length > MaxKeptBytes) _bytes = [];
    }

    private static int Size(int length) => length > MaxKeptBytes ? length : (int)BitOperations.RoundUpToPowerOf2((uint)length);
}
