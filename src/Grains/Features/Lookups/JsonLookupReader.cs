using System.Text.Json;

namespace OrleansInference.Grains.Features.Lookups;

/// <summary>Reads <c>{ "3156": { "category": "fuel" } }</c> or <c>[ { "terminal_id": "3156", "category": "fuel" } ]</c>; null has no value.</summary>
internal static class JsonLookupReader
{
    private static readonly JsonDocumentOptions Options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    public static Dictionary<string, FeatureValue[]> Read(LookupFile file)
    {
        using var stream = File.OpenRead(file.Path);
        using var json = JsonDocument.Parse(stream, Options);
        var entries = Entries(file, json.RootElement).ToArray();
        if (entries.Length > 0 && file.Columns.FirstOrDefault(column => !entries.Any(entry => entry.Columns.TryGetProperty(column.SourceName, out _))) is { } absent)
            throw new InferenceStartupException($"{file.Path} has no column '{absent.SourceName}'. Add it, or correct {file.Section}.");

        var rows = new Dictionary<string, FeatureValue[]>();
        foreach (var (key, columns) in entries)
        {
            if (!rows.TryAdd(key, [.. file.Columns.Select(column => Parse(file, key, columns, column))]))
                throw new InferenceStartupException($"{file.Path}: the key '{key}' stands twice. Keep one of the entries.");
        }

        return rows;
    }

    private static IEnumerable<(string Key, JsonElement Columns)> Entries(LookupFile file, JsonElement root) => root.ValueKind switch
    {
        JsonValueKind.Object => root.EnumerateObject().Select(entry => (entry.Name, ToObject(file, $"'{entry.Name}'", entry.Value))),
        JsonValueKind.Array => root.EnumerateArray().Select((entry, i) => (ReadKey(file, i, ToObject(file, $"number {i}", entry)), entry)),
        _ => throw new InferenceStartupException($"{file.Path} holds {root.ValueKind}. Write an object of objects by key, or an array of objects."),
    };

    private static JsonElement ToObject(LookupFile file, string entry, JsonElement value) => value.ValueKind is JsonValueKind.Object
        ? value
        : throw new InferenceStartupException($"{file.Path}: the entry {entry} is {value.ValueKind}, not an object of columns. Correct it.");

    // A key is compared as the request's field is written: a number in the shortest form that is the same number.
    private static string ReadKey(LookupFile file, int position, JsonElement entry)
    {
        if (entry.TryGetProperty(file.KeyColumn, out var key) && key.ValueKind is JsonValueKind.String) return key.GetString()!;
        if (key.ValueKind is JsonValueKind.Number && JsonFeature.Read(key, FeatureType.Number) is { IsMissing: false } number) return number.ToString();
        throw new InferenceStartupException($"{file.Path}: the entry number {position} has no key in '{file.KeyColumn}'. Add a string or a number, or correct {file.Section}:KeyColumn.");
    }

    private static FeatureValue Parse(LookupFile file, string key, JsonElement columns, FeatureColumn column)
    {
        if (!columns.TryGetProperty(column.SourceName, out var value) || value.ValueKind is JsonValueKind.Null) return column.Default;
        var read = JsonFeature.Read(value, column.Type);
        return read.IsMissing
            ? throw new InferenceStartupException($"{file.Path}: {column.SourceName} of '{key}' is {value.GetRawText()}, which is not {(column.Type is FeatureType.Text ? "a text" : "a finite number")}.")
            : read;
    }
}
