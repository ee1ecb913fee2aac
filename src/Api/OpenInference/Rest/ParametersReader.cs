using System.Text.Json;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>Reads an object of parameters: names with booleans, numbers or strings.</summary>
internal static class ParametersReader
{
    /// <summary>The parameters of the object that follows; what the protocol has no place for (null, arrays, objects) is left out.</summary>
    /// <param name="json">Stands at the property's name.</param>
    /// <param name="owner">Whose parameters they are, for messages.</param>
    public static List<(string Name, ParameterValue Value)> Read(ref Utf8JsonReader json, string owner)
    {
        json.Read();
        return json.TokenType is JsonTokenType.Null ? [] : ReadObject(ref json, $"parameters of {owner}");
    }

    /// <summary>The same for an object that the reader stands at.</summary>
    public static List<(string Name, ParameterValue Value)> ReadObject(ref Utf8JsonReader json, string owner)
    {
        if (json.TokenType is not JsonTokenType.StartObject) throw OpenInferenceJson.Fault(owner, $"is {OpenInferenceJson.Describe(ref json)}; send an object");

        var parameters = new List<(string, ParameterValue)>();
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            var name = OpenInferenceJson.ReadText(ref json) ?? throw OpenInferenceJson.Fault(owner, "has a name that is no valid Unicode; send names as text");
            json.Read();
            if (TryReadValue(ref json, owner, name, out var value)) parameters.Add((name, value));
        }

        return parameters;
    }

    private static bool TryReadValue(ref Utf8JsonReader json, string owner, string name, out ParameterValue value)
    {
        value = default;
        switch (json.TokenType)
        {
            case JsonTokenType.True or JsonTokenType.False:
                value = json.GetBoolean();
                return true;
            case JsonTokenType.Number:
                if (json.TryGetInt64(out var whole)) value = whole;
                else value = json.GetDouble();
                return true;
            case JsonTokenType.String:
                value = OpenInferenceJson.ReadText(ref json) ?? throw OpenInferenceJson.Fault($"'{FieldError.Quote(name)}' in {owner}", "is no valid Unicode; send text");
                return true;
            default:
                json.Skip();
                return false;
        }
    }
}
