using System.Buffers;
using System.Text.Json;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>Reads the small bodies of the repository's calls; none at all is as good as <c>{}</c>.</summary>
internal static class RepositoryBodyReader
{
    /// <summary>Whether only what serves is wanted.</summary>
    public static bool ReadIndex(ReadOnlySequence<byte> body) => Read(body, static (ref Utf8JsonReader json) =>
    {
        var ready = false;
        foreach (var (name, value) in ParametersReader.ReadObject(ref json, "the body"))
        {
            if (name is "ready") ready = value.Boolean ?? throw RequestParameters.Fault(name, value, "true or false");
        }

        return ready;
    });

    /// <summary>Takes the parameters that change nothing here, and refuses those that would.</summary>
    public static bool ReadChange(ReadOnlySequence<byte> body) => Read(body, static (ref Utf8JsonReader json) =>
    {
        if (json.TokenType is not JsonTokenType.StartObject) throw OpenInferenceJson.Fault("", $"is {OpenInferenceJson.Describe(ref json)}; send an object, or nothing");
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("parameters"u8)) CheckParameters(ref json);
            else json.Skip();
        }

        return true;
    });

    private static void CheckParameters(ref Utf8JsonReader json)
    {
        foreach (var (name, _) in ParametersReader.Read(ref json, "the request")) RepositoryParameters.Check(name);
    }

    private static T? Read<T>(ReadOnlySequence<byte> body, Reading<T> read)
    {
        if (body.IsEmpty) return default;
        try
        {
            var json = new Utf8JsonReader(body, OpenInferenceJson.Reading);
            json.Read();
            var value = read(ref json);
            json.Read();
            return value;
        }
        catch (JsonException e)
        {
            throw OpenInferenceJson.Fault("", $"is not JSON: {e.Message} Send an object, or nothing");
        }
    }

    private delegate T Reading<T>(ref Utf8JsonReader json);
}
