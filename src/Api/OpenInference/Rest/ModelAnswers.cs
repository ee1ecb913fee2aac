using System.Globalization;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>What the server and its models are.</summary>
internal static class ModelAnswers
{
    public static ServerBody Server() => new(ServerMetadata.Name, ServerMetadata.Version, ServerMetadata.RestExtensions);

    public static async Task<ModelListBody> ListAsync(IInferenceClient client) =>
        new([.. (await client.ListModelsAsync()).Select(entry => entry.Name).Distinct()]);

    public static async Task<ModelBody> DescribeAsync(IInferenceClient client, string model, string? version)
    {
        var described = await client.GetModelAsync(model, version);
        return new ModelBody(
            described.Name,
            [.. described.Versions.Select(number => number.ToString(CultureInfo.InvariantCulture))],
            described.Platform,
            [.. described.Inputs.Select(ToBody)],
            [.. described.Outputs.Select(ToBody)]);
    }

    private static TensorBody ToBody(TensorMetadata tensor) => new(tensor.Name, Datatypes.NameOf(tensor.Datatype), tensor.Shape);
}
