using Microsoft.ML.OnnxRuntime;

namespace OrleansInference.Grains.Models.Sessions;

/// <summary>Reads from a model's file what it takes and gives.</summary>
internal static class OnnxMetadata
{
    public static ModelMetadata Read(InferenceSession session, string modelFile)
    {
        var metadata = new ModelMetadata(
            [.. session.InputMetadata.Select(input => Describe(input.Key, input.Value, modelFile))],
            [.. session.OutputMetadata.Where(output => output.Value.IsTensor).Select(output => Describe(output.Key, output.Value, modelFile))]);
        return metadata with { IsBatchable = metadata.IsBatchable && BatchNames(session.InputMetadata).Count() == 1 };
    }

    /// <summary>The outputs in the model's order, where the number of rows tells all their shapes; null where it does not.</summary>
    public static IReadOnlyList<KnownOutput>? KnownOutputs(InferenceSession session, ModelMetadata metadata)
    {
        // Only a name says that the outputs' first dimension is the inputs': two that have none may be two different things.
        if (!metadata.IsBatchable || BatchNames(session.InputMetadata).Single() is not { Length: > 0 } batch) return null;
        var named = metadata.Outputs.Where(output => session.OutputMetadata[output.Name].SymbolicDimensions[0] == batch);
        var known = named.Select(KnownOutput.From).OfType<KnownOutput>().ToList();
        return known.Count == metadata.Outputs.Count ? known : null;
    }

    private static IEnumerable<string> BatchNames(IReadOnlyDictionary<string, NodeMetadata> tensors) =>
        tensors.Values.Select(tensor => tensor.SymbolicDimensions[0]).Distinct();

    private static TensorMetadata Describe(string name, NodeMetadata node, string modelFile)
    {
        if (node.IsTensor && OnnxDatatypes.FromOnnx(node.ElementDataType) is { } datatype)
            return new TensorMetadata(name, datatype, [.. node.Dimensions.Select(dimension => (long)dimension)]);

        throw new InferenceStartupException(
            $"{modelFile}: '{name}' is {node.OnnxValueType} of {(node.IsTensor ? node.ElementDataType : "other values")}, which cannot be served. Export the model with tensors of numbers or strings.");
    }
}
