namespace OrleansInference.Grains.Models.Sessions;

/// <summary>The tensors that a model takes and gives, as its file declares them.</summary>
public sealed record ModelMetadata(IReadOnlyList<TensorMetadata> Inputs, IReadOnlyList<TensorMetadata> Outputs)
{
    public TensorMetadata? FindInput(string name) => Inputs.FirstOrDefault(input => input.Name == name);

    public TensorMetadata? FindOutput(string name) => Outputs.FirstOrDefault(output => output.Name == name);
}
