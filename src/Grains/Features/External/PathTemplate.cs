using System.Globalization;
using System.Text;

namespace OrleansInference.Grains.Features.External;

/// <summary>A path with holes for request fields: <c>/terminals/{terminal_id}/risk?at={at}</c>.</summary>
internal sealed class PathTemplate
{
    private const string UserHole = "user_id";

    private readonly List<(string Literal, string? Hole)> _parts = [];

    public PathTemplate(string setting, string template)
    {
        var position = 0;
        while (template.IndexOf('{', position) is var open and >= 0)
        {
            var close = template.IndexOf('}', open);
            if (close < 0) throw new InferenceStartupException($"{setting} is '{template}': the brace at {open} is never closed. Add the missing '}}'.");
            _parts.Add((template[position..open], template[(open + 1)..close]));
            position = close + 1;
        }

        _parts.Add((template[position..], null));
        Fields = [.. _parts.Select(part => part.Hole).OfType<string>().Where(hole => hole is not UserHole).Distinct()];
    }

    /// <summary>The request fields that the path needs.</summary>
    public IReadOnlyList<string> Fields { get; }

    /// <summary>The path with every value escaped, so that no value can change the path's shape.</summary>
    /// <exception cref="HttpRequestException">A value makes a segment of dots, which escaping cannot keep from naming another folder.</exception>
    public string Fill(FeatureQuery query)
    {
        var path = new StringBuilder();
        foreach (var (literal, hole) in _parts)
        {
            path.Append(literal);
            if (hole is not null) path.Append(Uri.EscapeDataString(hole is UserHole ? query.UserId : Format(query.Request, hole)));
        }

        return HasDotSegment(path.ToString()) ? throw new HttpRequestException($"the path '{path}' would name another folder") : path.ToString();
    }

    private static bool HasDotSegment(string path)
    {
        var query = path.IndexOf('?');
        return (query < 0 ? path : path[..query]).Split('/').Any(segment => segment is "." or "..");
    }

    private static string Format(BoundRequest request, string field)
    {
        var contract = request.Contract.Fields[request.Contract.IndexOf(field)];
        var value = request[field];
        return contract.Type is DeclaredFieldType.Timestamp
            ? DateTimeOffset.UnixEpoch.AddSeconds(value.Number).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture)
            : value.ToString();
    }
}
