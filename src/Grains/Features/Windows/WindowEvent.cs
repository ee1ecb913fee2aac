namespace OrleansInference.Grains.Features.Windows;

/// <summary>Something that a user did: when, and a number for each field of its view.</summary>
/// <param name="Ticks">UTC ticks of its time.</param>
/// <param name="Values">In the order of the view's fields; NaN where it has none. Text is here by its hash, see <see cref="Hash"/>.</param>
public readonly record struct WindowEvent(long Ticks, double[] Values)
{
    /// <summary>A text as the number that stands for it: good for being the same or another, and for nothing else.</summary>
    public static double Hash(string text)
    {
        var hash = System.IO.Hashing.XxHash64.HashToUInt64(System.Runtime.InteropServices.MemoryMarshal.AsBytes(text.AsSpan()));

        // 52 bits of it make a double that is neither missing nor infinite: events are kept as doubles.
        return BitConverter.UInt64BitsToDouble((hash >> 12) | 0x3FF0_0000_0000_0000);
    }
}
