using Google.Protobuf;

namespace UnitTests.Fakes;

/// <summary>Writes small ONNX files: y = x + w, with w inside the file or in one beside it.</summary>
internal static class OnnxFile
{
    private const int Float = 1;
    private const int External = 1;

    /// <summary>The model with w in another file.</summary>
    /// <param name="location">What the file says where w is.</param>
    public static byte[] WithExternalData(string location) => Model(Graph(Tensor("w", tensor =>
    {
        Put(tensor, 13, entry => { Put(entry, 1, "location"); Put(entry, 2, location); });
        Put(tensor, 14, External);
    })));

    /// <summary>The model whose w is a constant of a branch within a branch, in another file.</summary>
    public static byte[] WithExternalDataInABranch(string location)
    {
        var graph = Graph(Tensor("w", tensor => Put(tensor, 13, entry => { Put(entry, 1, "location"); Put(entry, 2, location); })));
        for (var depth = 0; depth < 2; depth++)
        {
            var inner = graph;
            graph = Message(outer => Put(outer, 1, node => Put(node, 5, attribute => PutBytes(attribute, 6, inner))));
        }

        return Model(graph);
    }

    private static byte[] Model(byte[] graph) => Message(model =>
    {
        Put(model, 1, 8);
        PutBytes(model, 7, graph);
        Put(model, 8, opset => Put(opset, 2, 13));
    });

    private static byte[] Graph(byte[] initializer) => Message(graph =>
    {
        Put(graph, 1, node =>
        {
            Put(node, 1, "x");
            Put(node, 1, "w");
            Put(node, 2, "y");
            Put(node, 4, "Add");
        });
        Put(graph, 2, "sum");
        PutBytes(graph, 5, initializer);
        Put(graph, 11, value => Value(value, "x"));
        Put(graph, 12, value => Value(value, "y"));
    });

    private static byte[] Tensor(string name, Action<CodedOutputStream> data) => Message(tensor =>
    {
        Put(tensor, 1, 4);
        Put(tensor, 2, Float);
        Put(tensor, 8, name);
        data(tensor);
    });

    private static void Value(CodedOutputStream value, string name)
    {
        Put(value, 1, name);
        Put(value, 2, type => Put(type, 1, tensor =>
        {
            Put(tensor, 1, Float);
            Put(tensor, 2, shape => Put(shape, 1, dimension => Put(dimension, 1, 4)));
        }));
    }

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes)) write(output);
        return bytes.ToArray();
    }

    private static void Put(CodedOutputStream message, int field, Action<CodedOutputStream> write) => PutBytes(message, field, Message(write));

    private static void PutBytes(CodedOutputStream message, int field, byte[] bytes)
    {
        message.WriteTag(field, WireFormat.WireType.LengthDelimited);
        message.WriteBytes(ByteString.CopyFrom(bytes));
    }

    private static void Put(CodedOutputStream message, int field, string text)
    {
        message.WriteTag(field, WireFormat.WireType.LengthDelimited);
        message.WriteString(text);
    }

    private static void Put(CodedOutputStream message, int field, int number)
    {
        message.WriteTag(field, WireFormat.WireType.Varint);
        message.WriteInt32(number);
    }
}
