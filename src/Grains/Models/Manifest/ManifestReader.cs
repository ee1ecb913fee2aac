using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansInference.Grains.Models.Manifest;

/// <summary>Reads a <c>model.json</c>; what is wrong with it is said with file, line, key and remedy.</summary>
internal static class ManifestReader
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The manifest, and where each of its keys stands.</summary>
    public static (ModelManifest Manifest, ManifestFaults Faults) Read(string file, ReadOnlyMemory<byte> json)
    {
        try
        {
            // Editors bind the file to its schema with this key; it says nothing to us.
            var document = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(json.Span, Options) ?? throw new JsonException("the document is null");
            var faults = new ManifestFaults(file, new JsonLines(json.Span));
            document.Remove("$schema");
            return (Deserialize(file, document, faults), faults);
        }
        catch (JsonException e)
        {
            throw new InferenceStartupException($"{file}:{(e.LineNumber ?? 0) + 1}: this is not valid JSON: {Sentence(e)} Correct the line.");
        }
    }

    private static ModelManifest Deserialize(string file, Dictionary<string, JsonElement> document, ManifestFaults faults)
    {
        try
        {
            return JsonSerializer.Deserialize<ModelManifest>(JsonSerializer.SerializeToUtf8Bytes(document, Options), Options)!;
        }
        catch (JsonException e)
        {
            var path = (e.Path ?? "$").TrimStart('$').TrimStart('.');
            throw new InferenceStartupException($"{file}:{faults.LineOf(path)}: {(path.Length == 0 ? "the document" : path)}: {Explain(e, path)}");
        }
    }

    private static string Explain(JsonException e, string path)
    {
        if (e.Message.Contains("could not be mapped", StringComparison.Ordinal))
            return $"the key '{path[(path.LastIndexOf('.') + 1)..]}' is unknown. Correct its spelling, or remove it; models/model.schema.json lists the keys.";
        if (e.Message.Contains("missing required properties", StringComparison.Ordinal))
            return $"a key is missing: {e.Message[(e.Message.LastIndexOf(':') + 1)..].Trim().TrimEnd('.')}. Add it; models/model.schema.json lists the keys.";
        return $"the value has the wrong type. {Sentence(e)} See models/model.schema.json.";
    }

    // System.Text.Json appends "Path: … | LineNumber: …", which we say in our own form.
    private static string Sentence(JsonException e)
    {
        var end = e.Message.IndexOf(" Path:", StringComparison.Ordinal);
        return end < 0 ? e.Message : e.Message[..end];
    }
}
