using Google.Protobuf;
using Google.Protobuf.Reflection;
using OrleansInference.Grains.Models.Repository;

namespace OrleansInference.Grains.Models.Loading;

/// <summary>The files beside an ONNX file that hold its weights: they must lie in the version's folder.</summary>
/// <remarks>
/// The file may come from anywhere, and what it names is read with the program's rights: a location such as ../../key would put
/// any file of the machine into a tensor. ONNX Runtime 1.31 refuses this too, for the initializers of a graph. Field numbers:
/// onnx/onnx.proto.
/// </remarks>
internal static class ExternalData
{
    // Deeper than any graph within graphs; the parser's own bound against a file made to overflow the stack.
    private const int MaxDepth = 100;

    private const int ModelGraph = 7;
    private const int ModelFunctions = 25;
    private const int GraphNode = 1;
    private const int GraphInitializer = 5;
    private const int GraphSparseInitializer = 15;
    private const int FunctionNode = 7;
    private const int NodeAttribute = 5;
    private const int AttributeTensor = 5;
    private const int AttributeGraph = 6;
    private const int AttributeTensors = 10;
    private const int AttributeGraphs = 11;
    private const int AttributeSparseTensor = 22;
    private const int AttributeSparseTensors = 23;
    private const int SparseValues = 1;
    private const int SparseIndices = 2;
    private const int TensorExternalData = 13;
    private const int EntryKey = 1;
    private const int EntryValue = 2;

    /// <exception cref="InferenceStartupException">A tensor's data lies outside the version's folder.</exception>
    public static void ThrowIfOutside(string modelFile)
    {
        var folder = Path.GetDirectoryName(modelFile)!;
        foreach (var location in Locations(modelFile))
        {
            if (location.Contains('\0') || Path.IsPathRooted(location) || location.Split('/', '\\').Contains("..") || !RepositoryLinks.IsInside(folder, Path.Combine(folder, location)))
                throw new InferenceStartupException($"{modelFile}: it keeps data in '{FieldError.Quote(location)}', which is outside the version's folder {folder}. Export the model with its data beside it.");
        }
    }

    /// <summary>Every location that the file names. A file that is no ONNX names none: the runtime says what is wrong with it.</summary>
    internal static IReadOnlyCollection<string> Locations(string modelFile)
    {
        var locations = new HashSet<string>();
        try
        {
            using var file = File.OpenRead(modelFile);
            using var model = CodedInputStream.CreateWithLimits(file, sizeLimit: int.MaxValue, MaxDepth);
            Model(locations).MergeFrom(model);
        }
        catch (InvalidProtocolBufferException)
        {
            // What was found until here still counts.
        }

        return locations;
    }

    private static Message Model(HashSet<string> locations) => new((ModelGraph, () => Graph(locations)), (ModelFunctions, () => Function(locations)));

    private static Message Graph(HashSet<string> locations) =>
        new((GraphNode, () => Node(locations)), (GraphInitializer, () => Tensor(locations)), (GraphSparseInitializer, () => Sparse(locations)));

    private static Message Function(HashSet<string> locations) => new((FunctionNode, () => Node(locations)));

    private static Message Node(HashSet<string> locations) => new((NodeAttribute, () => Attribute(locations)));

    private static Message Attribute(HashSet<string> locations) => new(
        (AttributeTensor, () => Tensor(locations)),
        (AttributeTensors, () => Tensor(locations)),
        (AttributeGraph, () => Graph(locations)),
        (AttributeGraphs, () => Graph(locations)),
        (AttributeSparseTensor, () => Sparse(locations)),
        (AttributeSparseTensors, () => Sparse(locations)));

    private static Message Sparse(HashSet<string> locations) => new((SparseValues, () => Tensor(locations)), (SparseIndices, () => Tensor(locations)));

    private static Message Tensor(HashSet<string> locations) => new((TensorExternalData, () => new Entry(locations)));

    /// <summary>A message of which only some submessages matter; all else is skipped, mostly by seeking.</summary>
    private class Message(params (int Field, Func<Message> Read)[] submessages) : IMessage
    {
        public MessageDescriptor Descriptor => throw new NotSupportedException("read only");

        public virtual void MergeFrom(CodedInputStream input)
        {
            for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
            {
                if (WireFormat.GetTagWireType(tag) is WireFormat.WireType.LengthDelimited && Find(WireFormat.GetTagFieldNumber(tag)) is { } read) input.ReadMessage(read());
                else input.SkipLastField();
            }
        }

        public void WriteTo(CodedOutputStream output) => throw new NotSupportedException("read only");

        public int CalculateSize() => throw new NotSupportedException("read only");

        private Func<Message>? Find(int field) => submessages.FirstOrDefault(submessage => submessage.Field == field).Read;
    }

    /// <summary>A key and a value of a tensor's external data.</summary>
    private sealed class Entry(HashSet<string> locations) : Message
    {
        public override void MergeFrom(CodedInputStream input)
        {
            var (key, value) = ("", "");
            for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
            {
                if (tag == WireFormat.MakeTag(EntryKey, WireFormat.WireType.LengthDelimited)) key = input.ReadString();
                else if (tag == WireFormat.MakeTag(EntryValue, WireFormat.WireType.LengthDelimited)) value = input.ReadString();
                else input.SkipLastField();
            }

            if (key is "location") locations.Add(value);
        }
    }
}
