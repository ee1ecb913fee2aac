using OrleansInference;

namespace IntegrationTests.Serving.Differential;

/// <summary>One of the ways to ask a model.</summary>
internal interface IWire
{
    string Name { get; }

    /// <summary>Whether tensors of that datatype can go this way.</summary>
    bool CanCarry(TensorDatatype datatype) => true;

    Task<Outcome> AskAsync(RandomRequest request);
}

/// <summary>A question, whichever way it goes.</summary>
internal sealed record RandomRequest(string Model, string? Version, IReadOnlyList<Tensor> Inputs)
{
    public override string ToString() =>
        $"{Model}/{Version ?? "default"} {string.Join(' ', Inputs.Select(input => $"{input.Name}: {input.Datatype} [{string.Join(", ", input.Shape)}] {Convert.ToHexString(input.Data)}"))}";
}

/// <summary>What came back, in a form that does not tell which way it came: a code, or the version and every output to the last bit.</summary>
internal static class Outcomes
{
    public static Outcome Failed(InferenceErrorCode code) => new(code.ToString());

    public static Outcome Answered(string version, IEnumerable<Tensor> outputs) => new(
        $"version {version} {string.Join(' ', outputs.Select(output => $"{output.Name}: {output.Datatype} [{string.Join(", ", output.Shape)}] {Convert.ToHexString(output.Data)}"))}");
}

internal sealed record Outcome(string Told);
