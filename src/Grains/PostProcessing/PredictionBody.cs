using System.Text;
using OrleansInference.Grains.Features;

namespace OrleansInference.Grains.PostProcessing;

/// <summary>The compact body of a record: the reply, and everything that it was made from.</summary>
/// <remarks>
/// Format 2: byte 2; schema id, int64; flags, byte (1 degraded, 2 outputs left out); prediction, double; info, string; the
/// request's fingerprint, int64; the instant asked about, Unix milliseconds, int64; microseconds until the features were
/// there, of the inference, and of both with all else before the record was handed to the log, 7-bit int64 each; count of
/// features, 7-bit int; for each, one byte of type (low 4 bits) and status (high 4 bits), its value (double or string; nothing
/// when missing) and its age in milliseconds, 7-bit int64; count of output tensors, 7-bit int; for each, name, string;
/// datatype, byte; rank, 7-bit int; dimensions, 7-bit int64 each; length, 7-bit int; bytes. Format 3, which a record has that
/// was an event, goes on with the event: view, string; ticks, int64; count of fields, 7-bit int; for each, name, string; number,
/// double. Format 1 ends with the features and has nothing between info and their count. Little-endian; strings are UTF-8 with
/// a 7-bit length.
/// </remarks>
public sealed record PredictionBody
{
    /// <summary>Outputs beyond this are left out: a record is to stay small.</summary>
    public const int MaxOutputBytes = 64 * 1024;

    private const byte Oldest = 1;
    private const byte Eventless = 2;
    private const byte Format = 3;
    private const byte Degraded = 1;
    private const byte OutputsLeftOut = 2;

    public required long SchemaId { get; init; }

    public required bool IsDegraded { get; init; }

    public required double Prediction { get; init; }

    public required string Info { get; init; }

    /// <summary>See <see cref="RequestFingerprint"/>; 0 in records of format 1.</summary>
    public long Fingerprint { get; init; }

    /// <summary>When things happened; null in records of format 1.</summary>
    public PredictionTimes? Times { get; init; }

    public required IReadOnlyList<RecordedFeature> Features { get; init; }

    /// <summary>All outputs of the model; null where they were too large, and in records of format 1.</summary>
    public IReadOnlyList<Tensor>? Outputs { get; init; }

    /// <summary>The event that the prediction was; null for a question.</summary>
    public RecordedEvent? Event { get; init; }

    public static byte[] Encode(
        long schemaId, Prediction prediction, FeatureVector features, IReadOnlyList<Tensor> outputs, PredictionTimes times, long fingerprint, RecordedEvent? happened = null)
    {
        using var buffer = new MemoryStream(128 + features.Values.Length * 10);
        using var writer = new BinaryWriter(buffer, Encoding.UTF8);
        var outputsFit = outputs.Sum(output => (long)output.Data.Length) <= MaxOutputBytes;
        writer.Write(happened is null ? Eventless : Format);
        writer.Write(schemaId);
        writer.Write((byte)((prediction.Degraded ? Degraded : 0) | (outputsFit ? 0 : OutputsLeftOut)));
        writer.Write(prediction.Value);
        writer.Write(prediction.Info);
        writer.Write(fingerprint);
        writer.Write(times.At.ToUnixTimeMilliseconds());
        writer.Write7BitEncodedInt64(ToMicroseconds(times.Features));
        writer.Write7BitEncodedInt64(ToMicroseconds(times.Inference));
        writer.Write7BitEncodedInt64(ToMicroseconds(times.Total));
        writer.Write7BitEncodedInt(features.Values.Length);
        for (var i = 0; i < features.Values.Length; i++) Write(writer, features.Values[i], features.AgeMs(i));
        writer.Write7BitEncodedInt(outputsFit ? outputs.Count : 0);
        foreach (var output in outputsFit ? outputs : []) Write(writer, output);
        if (happened is not null) Write(writer, happened);
        return buffer.ToArray();
    }

    /// <exception cref="InvalidDataException">The body was written by a newer program, or is damaged.</exception>
    public static PredictionBody Decode(byte[] body)
    {
        try
        {
            return Read(body);
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException or OverflowException or ArgumentException)
        {
            throw new InvalidDataException($"The record is damaged: {e.Message}", e);
        }
    }

    /// <summary>The schema's id, without reading the rest.</summary>
    /// <exception cref="InvalidDataException">The body was written by a newer program, or is damaged.</exception>
    public static long ReadSchemaId(ReadOnlySpan<byte> body)
    {
        if (body.Length < 1 + sizeof(long)) throw new InvalidDataException("The record is damaged: it is too short.");
        CheckFormat(body[0]);
        return BitConverter.ToInt64(body[1..]);
    }

    private static PredictionBody Read(byte[] body)
    {
        using var reader = new BinaryReader(new MemoryStream(body), Encoding.UTF8);
        var format = reader.ReadByte();
        CheckFormat(format);
        var (schemaId, flags, prediction, info) = (reader.ReadInt64(), reader.ReadByte(), reader.ReadDouble(), reader.ReadString());
        var fingerprint = format > Oldest ? reader.ReadInt64() : 0;
        var times = format > Oldest ? ReadTimes(reader) : default(PredictionTimes?);
        var features = ReadList(reader, body.Length, "features", ReadFeature);
        var outputs = format > Oldest ? ReadList(reader, body.Length, "outputs", ReadTensor) : null;
        var happened = format > Eventless ? ReadEvent(reader, body.Length) : null;
        return new PredictionBody
        {
            SchemaId = schemaId,
            IsDegraded = (flags & Degraded) != 0,
            Prediction = prediction,
            Info = info,
            Fingerprint = fingerprint,
            Times = times,
            Features = features,
            Outputs = (flags & OutputsLeftOut) != 0 ? null : outputs,
            Event = happened,
        };
    }

    private static void CheckFormat(byte format)
    {
        if (format is < Oldest or > Format)
            throw new InvalidDataException($"The record has format {format}; this program reads formats {Oldest} to {Format}.");
    }

    private static PredictionTimes ReadTimes(BinaryReader reader) => new(
        DateTimeOffset.FromUnixTimeMilliseconds(reader.ReadInt64()), ReadMicroseconds(reader), ReadMicroseconds(reader), ReadMicroseconds(reader));

    private static TimeSpan ReadMicroseconds(BinaryReader reader) => TimeSpan.FromMicroseconds(reader.Read7BitEncodedInt64());

    private static long ToMicroseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;

    private static T[] ReadList<T>(BinaryReader reader, int most, string what, Func<BinaryReader, T> read)
    {
        var count = reader.Read7BitEncodedInt();
        if (count < 0 || count > most) throw new InvalidDataException($"The record is damaged: it says that it has {count} {what}.");
        var items = new T[count];
        for (var i = 0; i < items.Length; i++) items[i] = read(reader);
        return items;
    }

    private static void Write(BinaryWriter writer, FeatureValue value, long ageMs)
    {
        writer.Write((byte)((byte)value.Type | ((byte)value.Status << 4)));
        if (value.Type is FeatureType.Number) writer.Write(value.Number);
        if (value.Type is FeatureType.Text) writer.Write(value.Text!);
        writer.Write7BitEncodedInt64(ageMs);
    }

    private static RecordedFeature ReadFeature(BinaryReader reader)
    {
        var head = reader.ReadByte();
        var (type, status) = ((FeatureType)(head & 0x0F), (FeatureStatus)(head >> 4));
        var value = type switch
        {
            FeatureType.Number => FeatureValue.Of(reader.ReadDouble()),
            FeatureType.Text => FeatureValue.Of(reader.ReadString()),
            _ => FeatureValue.Missing,
        };
        return new RecordedFeature(value with { Status = status }, TimeSpan.FromMilliseconds(reader.Read7BitEncodedInt64()));
    }

    private static void Write(BinaryWriter writer, Tensor tensor)
    {
        writer.Write(tensor.Name);
        writer.Write((byte)tensor.Datatype);
        writer.Write7BitEncodedInt(tensor.Shape.Length);
        foreach (var dimension in tensor.Shape) writer.Write7BitEncodedInt64(dimension);
        writer.Write7BitEncodedInt(tensor.Data.Length);
        writer.Write(tensor.Data);
    }

    private static void Write(BinaryWriter writer, RecordedEvent happened)
    {
        writer.Write(happened.View);
        writer.Write(happened.Ticks);
        writer.Write7BitEncodedInt(happened.Fields.Count);
        foreach (var (field, number) in happened.Fields)
        {
            writer.Write(field);
            writer.Write(number);
        }
    }

    private static RecordedEvent ReadEvent(BinaryReader reader, int most) => new(
        reader.ReadString(), reader.ReadInt64(), ReadList(reader, most, "fields", field => KeyValuePair.Create(field.ReadString(), field.ReadDouble())));

    private static Tensor ReadTensor(BinaryReader reader)
    {
        var (name, datatype) = (reader.ReadString(), (TensorDatatype)reader.ReadByte());
        var shape = ReadList(reader, MaxOutputBytes, "dimensions", dimension => dimension.Read7BitEncodedInt64());
        var length = reader.Read7BitEncodedInt();
        var data = length is >= 0 and <= MaxOutputBytes ? reader.ReadBytes(length) : [];
        return data.Length == length
            ? new Tensor { Name = name, Datatype = datatype, Shape = shape, Data = data }
            : throw new InvalidDataException($"The record is damaged: output '{name}' says that it has {length} bytes.");
    }
}

/// <summary>A feature as a prediction used it.</summary>
public readonly record struct RecordedFeature(FeatureValue Value, TimeSpan Age);

/// <summary>The instant that a prediction was asked about, and how long its stages took.</summary>
/// <param name="At">The request's timestamp field, else its arrival.</param>
/// <param name="Features">From the arrival in the user's grain until the features were there.</param>
/// <param name="Inference">The model's queue and run.</param>
/// <param name="Total">From the arrival until the record was handed to the log.</param>
public readonly record struct PredictionTimes(DateTimeOffset At, TimeSpan Features, TimeSpan Inference, TimeSpan Total);
