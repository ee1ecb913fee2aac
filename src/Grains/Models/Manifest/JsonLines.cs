using System.Globalization;
using System.Text.Json;

namespace OrleansInference.Grains.Models.Manifest;

/// <summary>The line of every key and element of a JSON document, by a path such as <c>predict.features[1]</c>.</summary>
internal sealed class JsonLines
{
    private readonly Dictionary<string, int> _lines = [];

    public JsonLines(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        var containers = new Stack<(string Path, int NextIndex)>();
        var path = "";
        int line = 1, position = 0;
        while (reader.Read())
        {
            line += json[position..(int)reader.TokenStartIndex].Count((byte)'\n');
            position = (int)reader.TokenStartIndex;
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    var parent = containers.Peek().Path;
                    path = parent.Length == 0 ? reader.GetString()! : $"{parent}.{reader.GetString()}";
                    _lines[path] = line;
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    containers.Pop();
                    break;
                default:
                    path = ElementPath(containers, path);
                    _lines.TryAdd(path, line);
                    if (reader.TokenType is JsonTokenType.StartObject) containers.Push((path, -1));
                    if (reader.TokenType is JsonTokenType.StartArray) containers.Push((path, 0));
                    break;
            }
        }
    }

    /// <summary>The line of a path, or of the nearest parent that is written in the file.</summary>
    public int Of(string path)
    {
        while (!_lines.ContainsKey(path) && path.LastIndexOfAny(['.', '[']) is var cut and >= 0) path = path[..cut];
        return _lines.GetValueOrDefault(path, _lines.GetValueOrDefault("", 1));
    }

    private static string ElementPath(Stack<(string Path, int NextIndex)> containers, string path)
    {
        if (!containers.TryPeek(out var container) || container.NextIndex < 0) return path;
        containers.Pop();
        containers.Push((container.Path, container.NextIndex + 1));
        return string.Create(CultureInfo.InvariantCulture, $"{container.Path}[{container.NextIndex}]");
    }
}
