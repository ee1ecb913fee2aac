namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>An inference request as it was read.</summary>
internal sealed class InferBody
{
    /// <summary>The caller's name for the request, echoed as it is; null where none came.</summary>
    public string? Id { get; set; }

    public List<Tensor> Inputs { get; } = [];

    /// <summary>The outputs asked for, in this order; null for all.</summary>
    public List<RequestedOutput>? Outputs { get; set; }

    public RequestParameters Parameters { get; } = new();

    public InferenceRequest ToRequest(string? version) => new()
    {
        Version = version,
        Inputs = Inputs,
        Outputs = Outputs?.ConvertAll(output => output.Name),
        Priority = Parameters.Priority,
        Timeout = Parameters.Timeout,
        RoutingKey = Parameters.RoutingKey,
        BypassCache = Parameters.BypassCache,
    };

    /// <summary>Which outputs of the answer come as bytes; they stand in the order asked for.</summary>
    public bool[] FindBinary(int outputs)
    {
        var binary = new bool[outputs];
        for (var i = 0; i < outputs; i++) binary[i] = Outputs?[i].Binary ?? Parameters.BinaryOutput;
        return binary;
    }
}

/// <summary>An output asked for.</summary>
/// <param name="Name">The model's name for it.</param>
/// <param name="Binary">Whether it comes as bytes; null leaves it to <c>binary_data_output</c>.</param>
internal readonly record struct RequestedOutput(string Name, bool? Binary);
