using System.Buffers;

namespace UnitTests.Api.OpenInference.Rest;

/// <summary>Bytes as a socket may bring them: in pieces of any length.</summary>
internal static class Pieces
{
    public static ReadOnlySequence<byte> Of(byte[] bytes, int length)
    {
        if (length >= bytes.Length) return new ReadOnlySequence<byte>(bytes);

        var first = new Piece(bytes.AsMemory(0, length), 0);
        var last = first;
        for (var at = length; at < bytes.Length; at += length) last = last.Append(bytes.AsMemory(at, Math.Min(length, bytes.Length - at)));
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, long index)
        {
            Memory = memory;
            RunningIndex = index;
        }

        public Piece Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Piece(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
