namespace OrleansInference.Grains.Models.Sessions;

/// <summary>The tensors that a model takes and gives, as its file declares them.</summary>
public sealed record ModelMetadata(IReadOnlyList<TensorMetadata> Inputs, IReadOnlyList<TensorMetadata> Outputs)
{
    /// <summary>
    /// Whether requests can be joined: the first dimension of every input and output is of any size, so it may be the batch.
    /// The reader of a file also looks at the dimensions' names, and says no where those of the inputs differ.
    /// </summary>
    public bool IsBatchable { get; init; } = Inputs.Count > 0 && Inputs.Concat(Outputs).All(tensor => tensor.Shape is [-1, ..]);

    public TensorMetadata? FindInput(string name) => Inputs.FirstOrDefault(input => input.Name == name);

    public TensorMetadata? FindOutput(string name) => Outputs.FirstOrDefault(output => output.Name == name);
}
