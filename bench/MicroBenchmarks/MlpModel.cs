using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace MicroBenchmarks;

/// <summary>Writes multi-layer perceptrons with random weights as ONNX files, so that large ones need not lie in the repository.</summary>
/// <remarks>The numbers are the field numbers of onnx.proto, and of Protocol Buffers' wire format.</remarks>
internal static class MlpModel
{
    private const int FloatType = 1;

    /// <summary>Input <c>x</c> [N, first], output <c>y</c> [N, last], ReLU between the layers.</summary>
    public static byte[] Create(params int[] sizes) => Create(sizes, repeats: 1);

    /// <summary>The same, with the second layer's weights used that many times, for a long run from a small file.</summary>
    public static byte[] Create(int[] sizes, int repeats)
    {
        var random = new Random(1);
        var graph = new Message().Text(2, "mlp");
        var tensor = "x";
        for (var layer = 1; layer < sizes.Length; layer++)
        {
            graph.Part(5, Weights(random, $"w{layer}", sizes[layer - 1], sizes[layer]));
            for (var repeat = 0; repeat < (layer == 2 ? repeats : 1); repeat++)
            {
                var isLast = layer == sizes.Length - 1;
                var (product, next) = ($"p{layer}_{repeat}", isLast ? "y" : $"h{layer}_{repeat}");
                graph.Part(1, Node("MatMul", [tensor, $"w{layer}"], isLast ? next : product));
                if (!isLast) graph.Part(1, Node("Relu", [product], next));
                tensor = next;
            }
        }

        return ToModel(graph, sizes[0], sizes[^1]);
    }

    /// <summary>
    /// A long run from a small file: sigmoid layers of <paramref name="width"/>, all but the first with the same weights, and what they give
    /// added to a product of the input, without which the answer would hardly depend on it.
    /// </summary>
    public static byte[] CreateLong(int inputs, int width, int layers)
    {
        var random = new Random(1);
        var graph = new Message().Text(2, "long")
            .Part(5, Weights(random, "w1", inputs, width)).Part(5, Weights(random, "w2", width, width))
            .Part(5, Weights(random, "w3", width, 1)).Part(5, Weights(random, "skip", inputs, 1));
        for (var layer = 0; layer < layers; layer++)
        {
            graph.Part(1, Node("MatMul", layer == 0 ? ["x", "w1"] : [$"h{layer - 1}", "w2"], $"p{layer}"));
            graph.Part(1, Node("Sigmoid", [$"p{layer}"], $"h{layer}"));
        }

        graph.Part(1, Node("MatMul", [$"h{layers - 1}", "w3"], "long")).Part(1, Node("MatMul", ["x", "skip"], "short"));
        graph.Part(1, Node("Add", ["long", "short"], "y"));
        return ToModel(graph, inputs, 1);
    }

    private static byte[] ToModel(Message graph, int inputs, int outputs)
    {
        graph.Part(11, Value("x", inputs)).Part(12, Value("y", outputs));
        return new Message().Number(1, 8).Part(8, new Message().Text(1, "").Number(2, 17)).Part(7, graph).ToArray();
    }

    private static Message Node(string operation, string[] inputs, string output)
    {
        var node = new Message();
        foreach (var input in inputs) node.Text(1, input);
        return node.Text(2, output).Text(4, operation);
    }

    private static Message Weights(Random random, string name, int rows, int columns)
    {
        var scale = (float)Math.Sqrt(2.0 / rows);
        var values = new float[rows * columns];
        for (var i = 0; i < values.Length; i++) values[i] = (random.NextSingle() - 0.5f) * 2 * scale;
        return new Message().Number(1, rows).Number(1, columns).Number(2, FloatType).Text(8, name).Bytes(9, MemoryMarshal.AsBytes(values.AsSpan()));
    }

    private static Message Value(string name, int columns)
    {
        var shape = new Message().Part(1, new Message().Text(2, "N")).Part(1, new Message().Number(1, columns));
        return new Message().Text(1, name).Part(2, new Message().Part(1, new Message().Number(1, FloatType).Part(2, shape)));
    }

    private sealed class Message
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public Message Number(int field, long value)
        {
            Varint((uint)field << 3);
            Varint((ulong)value);
            return this;
        }

        public Message Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

        public Message Part(int field, Message part) => Bytes(field, part._bytes.WrittenSpan);

        public Message Bytes(int field, ReadOnlySpan<byte> bytes)
        {
            Varint(((uint)field << 3) | 2);
            Varint((ulong)bytes.Length);
            _bytes.Write(bytes);
            return this;
        }

        public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

        private void Varint(ulong value)
        {
            for (; value >= 0x80; value >>= 7) _bytes.Write([(byte)(value | 0x80)]);
            _bytes.Write([(byte)value]);
        }
    }
}
