using System.Buffers;
using System.Buffers.Binary;
using Microsoft.ML.OnnxRuntime;

namespace OrleansInference.Grains.Models.Sessions;

/// <summary>Strings between the protocol's form, each a length and its bytes, and ONNX Runtime's. Bytes pass as they are, UTF-8 or not.</summary>
internal static class OnnxStrings
{
    /// <summary>Copies <paramref name="count"/> strings from the <paramref name="first"/> on into the tensor, from <paramref name="position"/> on.</summary>
    public static void Fill(OrtValue tensor, int position, ReadOnlySpan<byte> strings, long first, long count)
    {
        for (var i = 0L; i < first; i++) Next(ref strings);
        for (var i = 0L; i < count; i++) tensor.StringTensorSetElementAt(Next(ref strings), position++);
    }

    /// <summary>The protocol's form of <paramref name="count"/> of the tensor's strings.</summary>
    public static byte[] Read(OrtValue tensor, int first, int count)
    {
        var bytes = new ArrayBufferWriter<byte>();
        for (var i = first; i < first + count; i++)
        {
            var text = tensor.GetStringElementAsSpan(i);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.GetSpan(4), text.Length);
            bytes.Advance(4);
            bytes.Write(text);
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> strings)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(strings);
        var text = strings.Slice(4, length);
        strings = strings[(4 + length)..];
        return text;
    }
}
