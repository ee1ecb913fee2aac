namespace OrleansInference.Grains.Models.Sessions;

/// <summary>An input or output of a model; -1 in the shape is a dimension of any size.</summary>
public sealed record TensorMetadata(string Name, TensorDatatype Datatype, IReadOnlyList<long> Shape);

/// <summary>The tensors that a model takes and gives, as its file declares them.</summary>
public sealed record ModelMetadata(IReadOnlyList<TensorMetadata> Inputs, IReadOnlyList<TensorMetadata> Outputs)
{
    public TensorMetadata? FindInput(string name) => Inputs.FirstOrDefault(input => input.Name == name);

    public TensorMetadata? FindOutput(string name) => Outputs.FirstOrDefault(output => output.Name == name);
}
