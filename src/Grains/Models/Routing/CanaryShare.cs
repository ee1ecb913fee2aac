using System.Buffers;
using System.IO.Hashing;
using System.Text;

namespace OrleansInference.Grains.Models.Routing;

/// <summary>The share of a model's callers who see its canary.</summary>
/// <remarks>
/// A key's slot depends on model and key alone, so one caller sees one version on every silo and platform and after a restart. A
/// share takes the slots from 0 up: raising it adds callers and moves nobody back. The model's name is part of the hash, so that
/// the users who see one model's canary are not the same who see every other's.
/// </remarks>
internal sealed class CanaryShare(string model, double percent)
{
    /// <summary>Into how many slots the callers fall: the finest share is 0.01 %.</summary>
    public const int Slots = 10_000;

    // Users' keys are shorter; only a raw caller's own key can need more than the stack gives.
    private const int MaxStackBytes = 512;

    // Rounded, since 0.07 * 100 is a little more than 7.
    private readonly int _taken = (int)Math.Round(percent * (Slots / 100));

    /// <summary>Whether this caller sees the canary; without a key, every request is drawn anew.</summary>
    public bool Takes(string? routingKey) => (routingKey is null ? Random.Shared.Next(Slots) : SlotOf(model, routingKey)) < _taken;

    internal static int SlotOf(string model, string routingKey)
    {
        var size = Encoding.UTF8.GetMaxByteCount(model.Length + 1 + routingKey.Length);
        if (size <= MaxStackBytes) return SlotOf(model, routingKey, stackalloc byte[MaxStackBytes]);
        var rented = ArrayPool<byte>.Shared.Rent(size);
        var slot = SlotOf(model, routingKey, rented);
        ArrayPool<byte>.Shared.Return(rented);
        return slot;
    }

    // UTF-8, so that the slot does not depend on the machine's byte order.
    private static int SlotOf(string model, string routingKey, Span<byte> text)
    {
        var length = Encoding.UTF8.GetBytes(model, text);
        text[length++] = (byte)'|';
        length += Encoding.UTF8.GetBytes(routingKey, text[length..]);
        return (int)(XxHash64.HashToUInt64(text[..length]) % Slots);
    }
}
