using System.Buffers.Binary;

namespace OrleansInference.Grains.Features.Windows;

/// <summary>Events in one array of bytes, oldest first: for each a double for each field, then its time.</summary>
/// <remarks>
/// A time is exact. It has six bytes, counted from an origin, while all events are within 325 days of each other; else eight. A user's
/// events are most of what the user weighs, see docs/benchmarks.md.
/// </remarks>
internal struct PackedEvents(int fields)
{
    private const int ShortTime = 6;

    private const int FullTime = sizeof(long);

    // Times are read as eight bytes, also the last one.
    private const int Padding = FullTime - ShortTime;

    // What six bytes hold of ticks.
    private const long ShortTimes = 1L << (8 * ShortTime);

    private readonly ushort _fields = checked((ushort)fields);
    private byte[] _bytes = [];
    private long _origin;
    private int _count;
    private byte _timeSize = ShortTime;

    public readonly int Count => _count;

    public readonly int Capacity => _bytes.Length / Size;

    /// <summary>Bytes of an event.</summary>
    public readonly int Size => _timeSize + ValuesSize;

    private readonly int ValuesSize => _fields * sizeof(double);

    /// <summary>UTC ticks of an event.</summary>
    public readonly long TimeAt(int index)
    {
        var time = BinaryPrimitives.ReadInt64LittleEndian(_bytes.AsSpan(index * Size + ValuesSize));
        return _timeSize == ShortTime ? _origin + (time & (ShortTimes - 1)) : time;
    }

    public readonly double ValueAt(int index, int field) => BinaryPrimitives.ReadDoubleLittleEndian(_bytes.AsSpan(index * Size + field * sizeof(double)));

    /// <summary>Puts an event in its place, where there is room for it.</summary>
    public void Insert(int place, in WindowEvent added)
    {
        MakeFit(added.Ticks);
        Move(place, place + 1, _count - place);
        Write(place, added.Ticks, added.Values);
        _count++;
    }

    public void RemoveRange(int place, int removed)
    {
        _count -= removed;
        Move(place + removed, place, _count - place);
    }

    /// <summary>Makes room for so many events and no more.</summary>
    public void Resize(int capacity) => Array.Resize(ref _bytes, capacity * Size + Padding);

    /// <summary>The same events in bytes of their own, without room for more.</summary>
    public readonly PackedEvents Clone()
    {
        // Not by Resize, which leaves an array that is full as it is: both would write to it.
        var clone = this;
        clone._bytes = _bytes.AsSpan(0, _bytes.Length == 0 ? 0 : _count * Size + Padding).ToArray();
        return clone;
    }

    // The compiler's readonly members do not see that the bytes change.
    private readonly void Move(int from, int to, int count) => Array.Copy(_bytes, from * Size, _bytes, to * Size, count * Size);

    private readonly void Write(int place, long ticks, ReadOnlySpan<double> values)
    {
        var bytes = _bytes.AsSpan(place * Size, Size);
        for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteDoubleLittleEndian(bytes[(i * sizeof(double))..], values[i]);
        var time = bytes[ValuesSize..];
        if (_timeSize == FullTime)
        {
            BinaryPrimitives.WriteInt64LittleEndian(time, ticks);
            return;
        }

        var offset = ticks - _origin;
        BinaryPrimitives.WriteUInt32LittleEndian(time, (uint)offset);
        BinaryPrimitives.WriteUInt16LittleEndian(time[sizeof(uint)..], (ushort)(offset >> 32));
    }

    private void MakeFit(long ticks)
    {
        if (_timeSize == FullTime || (ulong)(ticks - _origin) < (ulong)ShortTimes) return;
        var (first, last) = _count == 0 ? (ticks, ticks) : (Math.Min(ticks, TimeAt(0)), Math.Max(ticks, TimeAt(_count - 1)));
        Rebase(first, last);
    }

    // As much room before as after, so that it is not soon done again.
    private void Rebase(long first, long last)
    {
        var span = (ulong)(last - first);
        var isShort = span < ShortTimes;
        var rebased = new PackedEvents(_fields)
        {
            _count = _count,
            _timeSize = isShort ? (byte)ShortTime : (byte)FullTime,
            _origin = isShort ? first - (ShortTimes - 1 - (long)span) / 2 : 0,
        };
        rebased.Resize(Capacity);
        var values = new double[_fields];
        for (var i = 0; i < _count; i++)
        {
            for (var field = 0; field < values.Length; field++) values[field] = ValueAt(i, field);
            rebased.Write(i, TimeAt(i), values);
        }

        this = rebased;
    }
}
