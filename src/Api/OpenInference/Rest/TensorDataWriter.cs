using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>Writes a tensor's elements as a flat JSON array, a piece at a time, so that a large answer is never held as text as a whole.</summary>
internal static class TensorDataWriter
{
    private const int PieceElements = 1024;
    private const int PieceBytes = 64 * 1024;
    private const int PrefixBytes = sizeof(uint);

    /// <exception cref="InferenceException">InvalidInput: strings that are to be JSON are no text.</exception>
    public static void ThrowIfNotJson(IReadOnlyList<Tensor> outputs, bool[] binary)
    {
        for (var i = 0; i < outputs.Count; i++)
        {
            if (outputs[i].Datatype is TensorDatatype.BYTES && !binary[i]) ThrowIfNotText(outputs[i]);
        }
    }

    /// <summary>Whether JSON can hold the elements: strings may be no text.</summary>
    public static bool IsJson(Tensor tensor)
    {
        if (tensor.Datatype is not TensorDatatype.BYTES) return true;
        for (var at = 0; at < tensor.Data.Length;)
        {
            if (!Utf8.IsValid(Next(tensor.Data, ref at))) return false;
        }

        return true;
    }

    /// <param name="json">Where the property goes.</param>
    /// <param name="tensor">Whose elements.</param>
    /// <param name="response">Sent in pieces; null where nothing may be sent before the JSON is whole.</param>
    public static async ValueTask WriteAsync(Utf8JsonWriter json, Tensor tensor, HttpResponse? response)
    {
        json.WriteStartArray("data"u8);
        var sent = response is { HasStarted: true } ? json.BytesCommitted : 0;
        for (var at = 0; at < tensor.Data.Length;)
        {
            at = tensor.Datatype is TensorDatatype.BYTES ? WriteStrings(json, tensor.Data, at) : WriteElements(json, tensor, at);
            if (response is null || json.BytesPending + json.BytesCommitted - sent < PieceBytes || at == tensor.Data.Length) continue;

            await json.FlushAsync(response.HttpContext.RequestAborted);
            await response.BodyWriter.FlushAsync(response.HttpContext.RequestAborted);
            sent = json.BytesCommitted;
        }

        json.WriteEndArray();
    }

    private static int WriteElements(Utf8JsonWriter json, Tensor tensor, int at)
    {
        var size = Datatypes.SizeOf(tensor.Datatype);
        var (first, all) = (at / size, tensor.Data.Length / size);
        var end = Math.Min(all, first + PieceElements);
        for (var i = first; i < end; i++) JsonElements.Write(json, tensor.Datatype, tensor.Data, i);
        return end * size;
    }

    private static int WriteStrings(Utf8JsonWriter json, ReadOnlySpan<byte> data, int at)
    {
        for (var begin = at; at < data.Length && at - begin < PieceBytes;) json.WriteStringValue(Next(data, ref at));
        return at;
    }

    private static void ThrowIfNotText(Tensor output)
    {
        var index = 0;
        for (var at = 0; at < output.Data.Length; index++)
        {
            if (!Utf8.IsValid(Next(output.Data, ref at)))
                throw OpenInferenceJson.Fault($"output '{output.Name}', element {index},", "is no UTF-8 text, which JSON cannot hold; ask for the output with binary_data: true");
        }
    }

    private static ReadOnlySpan<byte> Next(ReadOnlySpan<byte> data, ref int at)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(data[at..]);
        var text = data.Slice(at + PrefixBytes, length);
        at += PrefixBytes + length;
        return text;
    }
}
