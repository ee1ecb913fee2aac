using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace OrleansInference.Grains.Models.Manifest;

/// <summary>Reads a <c>model.json</c>; what is wrong with it is said with file, line, key and remedy.</summary>
internal static partial class ManifestReader
{
    private const string Schema = "models/model.schema.json lists the keys.";

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
    };

    private static readonly JsonDocumentOptions DocumentOptions = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>The manifest, and where each of its keys stands.</summary>
    public static (ModelManifest Manifest, ManifestFaults Faults) Read(string file, ReadOnlyMemory<byte> json)
    {
        // Some editors begin a file with a byte order mark.
        if (json.Span.StartsWith(Encoding.UTF8.Preamble)) json = json[Encoding.UTF8.Preamble.Length..];
        using var document = Parse(file, json);
        var faults = new ManifestFaults(file, new JsonLines(json.Span));
        Examine(document.RootElement, "", faults);
        faults.ThrowIfAny();
        return (Deserialize(file, document.RootElement, faults), faults);
    }

    private static JsonDocument Parse(string file, ReadOnlyMemory<byte> json)
    {
        try
        {
            var document = JsonDocument.Parse(json, DocumentOptions);
            return document.RootElement.ValueKind is JsonValueKind.Object
                ? document
                : throw new InferenceStartupException($"{file}:1: the document must be an object. Write {{ \"predict\": {{ … }} }}; {Schema}");
        }
        catch (JsonException e)
        {
            throw new InferenceStartupException($"{file}:{(e.LineNumber ?? 0) + 1}: this is not valid JSON: {Sentence(e)} Correct the line.");
        }
    }

    // What the deserializer would let through.
    private static void Examine(JsonElement element, string path, ManifestFaults faults)
    {
        if (element.ValueKind is JsonValueKind.Null) faults.Add(path, "the value is null. Write a value, or remove it.");
        if (element.ValueKind is JsonValueKind.Object) ExamineObject(element, path, faults);
        if (element.ValueKind is not JsonValueKind.Array) return;
        for (var i = 0; i < element.GetArrayLength(); i++) Examine(element[i], $"{path}[{i}]", faults);
    }

    private static void ExamineObject(JsonElement element, string path, ManifestFaults faults)
    {
        var names = new HashSet<string>();
        foreach (var property in element.EnumerateObject())
        {
            var propertyPath = path.Length == 0 ? property.Name : $"{path}.{property.Name}";
            if (!names.Add(property.Name)) faults.Add(propertyPath, "the key stands twice. Keep one of the two.");
            Examine(property.Value, propertyPath, faults);
        }
    }

    private static ModelManifest Deserialize(string file, JsonElement document, ManifestFaults faults)
    {
        try
        {
            // Editors bind the file to its schema with this key; it says nothing to us.
            var manifest = JsonObject.Create(document)!;
            manifest.Remove("$schema");
            return manifest.Deserialize<ModelManifest>(Options)!;
        }
        catch (JsonException e)
        {
            var path = ToPath(e.Path ?? "$");
            throw new InferenceStartupException($"{file}:{faults.LineOf(path)}: {(path.Length == 0 ? "the document" : path)}: {Explain(e, path)}");
        }
    }

    // $.predict.request['a.b'].type is predict.request.a.b.type.
    private static string ToPath(string path) => path.TrimStart('$').Replace("['", ".", StringComparison.Ordinal).Replace("']", "", StringComparison.Ordinal).TrimStart('.');

    private static string Explain(JsonException e, string path)
    {
        if (e.Message.Contains("could not be mapped", StringComparison.Ordinal))
            return $"the key '{path[(path.LastIndexOf('.') + 1)..]}' is unknown. Correct its spelling, or remove it; {Schema}";
        if (e.Message.Contains("missing required properties", StringComparison.Ordinal))
            return $"a key is missing: {e.Message[(e.Message.LastIndexOf(':') + 1)..].Trim().TrimEnd('.')}. Add it; {Schema}";
        return $"the value must be {Wanted(TargetType().Match(e.Message).Groups[1].Value)}. Correct it; {Schema}";
    }

    private static string Wanted(string type) => type switch
    {
        "System.String" => "a string",
        "System.Int32" => "an integer",
        "System.Double" => "a number",
        "System.Boolean" => "true or false",
        "System.TimeSpan" => "a time such as \"00:00:01\"",
        "System.Collections.Generic.IReadOnlyList" => "an array",
        _ => "an object",
    };

    // System.Text.Json appends "Path: … | LineNumber: …", which we say in our own form.
    private static string Sentence(JsonException e)
    {
        var end = e.Message.IndexOf(" Path:", StringComparison.Ordinal);
        if (end < 0) end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? e.Message : e.Message[..end];
    }

    [GeneratedRegex(@"could not be converted to (?:System\.Nullable`1\[)?([A-Za-z0-9]+(?:[.][A-Za-z0-9]+)*)")]
    private static partial Regex TargetType();
}
