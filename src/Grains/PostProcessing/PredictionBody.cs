using System.Text;
using OrleansInference.Grains.Features;

namespace OrleansInference.Grains.PostProcessing;

/// <summary>The compact body of a record.</summary>
/// <remarks>
/// Format 1: byte 1; schema id, int64; flags, byte (1 = degraded); prediction, double; info, string; count of features,
/// 7-bit int; for each, one byte of type (low 4 bits) and status (high 4 bits), its value (double or string; nothing when
/// missing) and its age in milliseconds, 7-bit int64. Little-endian; strings are UTF-8 with a 7-bit length.
/// </remarks>
public sealed record PredictionBody(long SchemaId, bool Degraded, double Prediction, string Info, IReadOnlyList<RecordedFeature> Features)
{
    private const byte Format = 1;

    public static byte[] Encode(long schemaId, Prediction prediction, FeatureVector features)
    {
        using var buffer = new MemoryStream(64 + features.Values.Length * 10);
        using var writer = new BinaryWriter(buffer, Encoding.UTF8);
        writer.Write(Format);
        writer.Write(schemaId);
        writer.Write(prediction.Degraded);
        writer.Write(prediction.Value);
        writer.Write(prediction.Info);
        writer.Write7BitEncodedInt(features.Values.Length);
        for (var i = 0; i < features.Values.Length; i++) Write(writer, features.Values[i], features.AgeMs(i));
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

    private static PredictionBody Read(byte[] body)
    {
        using var reader = new BinaryReader(new MemoryStream(body), Encoding.UTF8);
        if (reader.ReadByte() is var format && format != Format)
            throw new InvalidDataException($"The record has format {format}; this program reads format {Format}.");

        var (schemaId, degraded, prediction, info) = (reader.ReadInt64(), reader.ReadBoolean(), reader.ReadDouble(), reader.ReadString());
        var count = reader.Read7BitEncodedInt();
        if (count < 0 || count > body.Length) throw new InvalidDataException($"The record is damaged: it says that it has {count} features.");
        var features = new RecordedFeature[count];
        for (var i = 0; i < features.Length; i++) features[i] = Read(reader);
        return new PredictionBody(schemaId, degraded, prediction, info, features);
    }

    private static void Write(BinaryWriter writer, FeatureValue value, long ageMs)
    {
        writer.Write((byte)((byte)value.Type | ((byte)value.Status << 4)));
        if (value.Type is FeatureType.Number) writer.Write(value.Number);
        if (value.Type is FeatureType.Text) writer.Write(value.Text!);
        writer.Write7BitEncodedInt64(ageMs);
    }

    private static RecordedFeature Read(BinaryReader reader)
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
}

/// <summary>A feature as a prediction used it.</summary>
public readonly record struct RecordedFeature(FeatureValue Value, TimeSpan Age);
