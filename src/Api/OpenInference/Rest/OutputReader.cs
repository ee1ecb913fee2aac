using System.Text.Json;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>Reads one object of <c>outputs</c>.</summary>
internal static class OutputReader
{
    public static RequestedOutput Read(ref Utf8JsonReader json, int index)
    {
        if (json.TokenType is not JsonTokenType.StartObject) throw Fault(index, $"is {OpenInferenceJson.Describe(ref json)}; send an object with the output's name");

        string? name = null;
        bool? binary = null;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("name"u8)) name = ReadName(ref json, index);
            else if (json.ValueTextEquals("parameters"u8)) ReadParameters(ref json, index, ref binary);
            else json.Skip();
        }

        return new RequestedOutput(name ?? throw Fault(index, "has no name; send the name of the model's output"), binary);
    }

    private static string ReadName(ref Utf8JsonReader json, int index)
    {
        json.Read();
        return json.TokenType is JsonTokenType.String && OpenInferenceJson.ReadText(ref json) is { } name
            ? name
            : throw Fault(index, $"has the name {OpenInferenceJson.Describe(ref json)}; send the name of the model's output, a string");
    }

    private static void ReadParameters(ref Utf8JsonReader json, int index, ref bool? binary)
    {
        foreach (var (name, value) in ParametersReader.Read(ref json, $"outputs[{index}]"))
        {
            if (name is "binary_data") binary = value.Boolean ?? throw RequestParameters.Fault(name, value, "true or false");
            else if (name is "classification") throw Fault(index, "asks for classification, which this server does not do; take the output's numbers");
            else if (name.StartsWith("shared_memory", StringComparison.Ordinal)) throw Fault(index, "asks for shared memory, which this server does not write; take binary_data");
        }
    }

    private static InferenceException Fault(int index, string fault) => OpenInferenceJson.Fault($"outputs[{index}]", fault);
}
