using System.Globalization;
using OrleansInference.Api.Grpc.OpenInference.Wire;
using OrleansInference.Api.OpenInference;
using WireTensor = OrleansInference.Api.Grpc.OpenInference.Wire.ModelMetadataResponse.Types.TensorMetadata;

namespace OrleansInference.Api.Grpc.OpenInference;

/// <summary>Writes what a model is.</summary>
internal static class ModelTranslator
{
    public static ModelMetadataResponse ToMetadata(ModelDescription model) => new()
    {
        Name = model.Name,
        Versions = { model.Versions.Select(Text) },
        Platform = model.Platform,
        Inputs = { model.Inputs.Select(ToWire) },
        Outputs = { model.Outputs.Select(ToWire) },
    };

    public static ModelConfigResponse ToConfig(ModelDescription model) => new()
    {
        Config = new ModelConfig
        {
            Name = model.Name,
            Platform = model.Platform,
            MaxBatchSize = model.MaxBatchSize,
            Input = { model.Inputs.Select(input => new ModelInput { Name = input.Name, DataType = ToDataType(input.Datatype), Dims = { Dimensions(model, input) } }) },
            Output = { model.Outputs.Select(output => new ModelOutput { Name = output.Name, DataType = ToDataType(output.Datatype), Dims = { Dimensions(model, output) } }) },
        },
    };

    public static RepositoryIndexResponse.Types.ModelIndex ToIndex(ModelIndexEntry entry) => new()
    {
        Name = entry.Name,
        Version = entry.Version is { } version ? Text(version) : "",
        State = ModelStates.NameOf(entry.State),
        Reason = entry.Reason,
    };

    private static WireTensor ToWire(TensorMetadata tensor) => new() { Name = tensor.Name, Datatype = Datatypes.NameOf(tensor.Datatype), Shape = { tensor.Shape } };

    // The enumerations have the same order.
    private static DataType ToDataType(TensorDatatype datatype) => (DataType)datatype;

    // Triton leaves the batch out where there is one.
    private static IEnumerable<long> Dimensions(ModelDescription model, TensorMetadata tensor) => model.MaxBatchSize > 0 ? tensor.Shape.Skip(1) : tensor.Shape;

    private static string Text(int version) => version.ToString(CultureInfo.InvariantCulture);
}
