using System.Text;

namespace OrleansInference.Grains.Features.Windows;

/// <summary>A user's events of one view as bytes.</summary>
/// <remarks>
/// Format 1: byte 1; names of the fields; ticks of the newest and of what is forgotten, int64; count of events, then for each
/// the ticks since the one before, 7-bit int64, and a double for each field; count of buckets, then for each first, last and
/// count, int64, and for each field count, int64, sum, least, greatest and last, doubles. Counts are 7-bit ints. Fields are
/// found by name again: a view may have gained or lost some.
/// </remarks>
internal static class EventWindowCodec
{
    private const byte Format = 1;

    public static byte[] Encode(EventWindow window)
    {
        using var buffer = new MemoryStream(64 + window.Count * (5 + sizeof(double) * window.View.Fields.Count));
        using var writer = new BinaryWriter(buffer, Encoding.UTF8);
        writer.Write(Format);
        writer.Write7BitEncodedInt(window.View.Fields.Count);
        foreach (var field in window.View.Fields) writer.Write(field);
        writer.Write(window.Newest);
        writer.Write(window.ForgottenThrough);
        WriteEvents(writer, window);
        writer.Write7BitEncodedInt(window.Buckets.Length);
        foreach (var bucket in window.Buckets) Write(writer, bucket);
        return buffer.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes were written by a newer program, or are damaged.</exception>
    public static EventWindow Decode(WindowView view, byte[] bytes)
    {
        try
        {
            return Read(view, bytes);
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException or OverflowException or ArgumentException)
        {
            throw new InvalidDataException($"The kept events of view {view.Name} are damaged: {e.Message}", e);
        }
    }

    private static void WriteEvents(BinaryWriter writer, EventWindow window)
    {
        writer.Write7BitEncodedInt(window.Count);
        var before = 0L;
        for (var i = 0; i < window.Count; i++)
        {
            var ticks = window.TimeAt(i);
            writer.Write7BitEncodedInt64(ticks - before);
            before = ticks;
        }

        for (var i = 0; i < window.Count; i++)
        {
            for (var field = 0; field < window.View.Fields.Count; field++) writer.Write(window.ValueAt(i, field));
        }
    }

    private static void Write(BinaryWriter writer, EventBucket bucket)
    {
        writer.Write(bucket.First);
        writer.Write(bucket.Last);
        writer.Write(bucket.Count);
        foreach (var field in bucket.Fields)
        {
            writer.Write(field.Count);
            writer.Write(field.Sum);
            writer.Write(field.Min);
            writer.Write(field.Max);
            writer.Write(field.Last);
        }
    }

    private static EventWindow Read(WindowView view, byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        if (reader.ReadByte() is var format && format != Format)
            throw new InvalidDataException($"The kept events of view {view.Name} have format {format}; this program reads format {Format}.");

        var fields = ReadMany(reader, bytes.Length, reader => reader.ReadString());
        var places = view.Fields.Select(field => Array.IndexOf(fields, field)).ToArray();
        var (newest, forgotten) = (reader.ReadInt64(), reader.ReadInt64());
        var before = 0L;
        var times = ReadMany(reader, bytes.Length, reader => before += reader.Read7BitEncodedInt64());
        var events = times.Select(ticks => new WindowEvent(ticks, Arrange(ReadFields(reader, fields.Length, reader => reader.ReadDouble()), places, double.NaN))).ToArray();
        var buckets = ReadMany(reader, bytes.Length, reader => new EventBucket(
            reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), Arrange(ReadFields(reader, fields.Length, ReadTotals), places, FieldTotals.None)));
        return EventWindow.Restore(view, events, buckets, newest, forgotten);
    }

    private static FieldTotals ReadTotals(BinaryReader reader) => new()
    {
        Count = reader.ReadInt64(),
        Sum = reader.ReadDouble(),
        Min = reader.ReadDouble(),
        Max = reader.ReadDouble(),
        Last = reader.ReadDouble(),
    };

    private static T[] ReadMany<T>(BinaryReader reader, int most, Func<BinaryReader, T> read)
    {
        var count = reader.Read7BitEncodedInt();
        if (count < 0 || count > most) throw new FormatException($"it says that it has {count} of something");
        return ReadFields(reader, count, read);
    }

    private static T[] ReadFields<T>(BinaryReader reader, int count, Func<BinaryReader, T> read)
    {
        var items = new T[count];
        for (var i = 0; i < items.Length; i++) items[i] = read(reader);
        return items;
    }

    private static T[] Arrange<T>(T[] stored, int[] places, T none) => [.. places.Select(place => place >= 0 ? stored[place] : none)];
}
