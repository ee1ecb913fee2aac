using System.Globalization;
using System.Runtime.CompilerServices;

namespace OrleansInference.Grains.Features.External;

/// <summary>A path with holes for request fields: <c>/terminals/{terminal_id}/risk?at={at:yyyy-MM-dd}</c>.</summary>
internal sealed class PathTemplate
{
    private const string UserHole = "user_id";

    private readonly List<(string Literal, PathHole? Hole)> _parts = [];
    private readonly string _setting;

    public PathTemplate(string setting, string template)
    {
        _setting = setting;
        var position = 0;
        while (template.IndexOf('{', position) is var open and >= 0)
        {
            var close = template.IndexOf('}', open);
            if (close < 0) throw new InferenceStartupException($"{setting} is '{template}': the brace at {open} is never closed. Add the missing '}}'.");
            _parts.Add((template[position..open], ParseHole(template, template[(open + 1)..close])));
            position = close + 1;
        }

        _parts.Add((template[position..], null));
        Fields = [.. _parts.Select(part => part.Hole?.Field).OfType<string>().Where(field => field is not UserHole).Distinct()];
    }

    /// <summary>The request fields that the path needs.</summary>
    public IReadOnlyList<string> Fields { get; }

    /// <summary>The path with every value escaped, so that no value can change the path's shape.</summary>
    /// <exception cref="HttpRequestException">A value makes a segment of dots, which escaping cannot keep from naming another folder.</exception>
    public string Fill(FeatureQuery query)
    {
        var path = new DefaultInterpolatedStringHandler(0, _parts.Count);
        foreach (var (literal, hole) in _parts)
        {
            path.AppendLiteral(literal);
            if (hole is not null) path.AppendLiteral(Uri.EscapeDataString(hole.Field is UserHole ? query.UserId : hole.Format(query.Request)));
        }

        var filled = path.ToStringAndClear();
        return HasDotSegment(filled) ? throw new HttpRequestException($"the path '{filled}' would name another folder") : filled;
    }

    /// <summary>A hole that asks for the form of an instant where the model's field is none; null where all fit.</summary>
    public string? FindFault(RequestContract request)
    {
        var hole = _parts.Select(part => part.Hole).FirstOrDefault(hole => hole is { TimeFormat: not null } && request.Declares(hole.Field) && !hole.IsTimestamp(request));
        return hole is null ? null : $"{_setting} writes the field '{hole.Field}' by the format '{hole.TimeFormat}', which is for timestamps. Remove the format, or declare the field as timestamp.";
    }

    private PathHole ParseHole(string template, string text)
    {
        var colon = text.IndexOf(':');
        if (colon < 0) return new PathHole(text, null);
        var hole = new PathHole(text[..colon], text[(colon + 1)..]);
        if (hole.Field is UserHole) throw new InferenceStartupException($"{_setting} is '{template}': {{{text}}} has a format, which is for timestamps. Write {{{UserHole}}}.");
        return hole.IsFormatGood
            ? hole
            : throw new InferenceStartupException($"{_setting} is '{template}': '{hole.TimeFormat}' is no format for timestamps. Write one of .NET such as {{{hole.Field}:yyyy-MM-dd}}, or {{{hole.Field}}} for ISO 8601.");
    }

    private static bool HasDotSegment(string path)
    {
        var query = path.IndexOf('?');
        var folders = query < 0 ? path : path.AsSpan(0, query);
        foreach (var segment in folders.Split('/'))
        {
            if (folders[segment] is "." or "..") return true;
        }

        return false;
    }
}

/// <summary>A hole in a path: a field, and for a timestamp perhaps the form that it is written in.</summary>
internal sealed record PathHole(string Field, string? TimeFormat)
{
    private const string Iso8601 = "yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'";

    // Two instants that differ in all of their parts: a format that writes both alike holds nothing of the instant.
    private static readonly DateTimeOffset One = new(2026, 4, 1, 1, 2, 3, 4, TimeSpan.Zero);
    private static readonly DateTimeOffset Other = new(1987, 10, 30, 20, 40, 50, 700, TimeSpan.Zero);

    public bool IsFormatGood
    {
        get
        {
            try
            {
                return TimeFormat is not "" && Write(One) != Write(Other);
            }
            catch (FormatException)
            {
                return false;
            }
        }
    }

    public bool IsTimestamp(BoundRequest request) => IsTimestamp(request.Contract);

    public bool IsTimestamp(RequestContract contract) => contract.Fields[contract.IndexOf(Field)].Type is DeclaredFieldType.Timestamp;

    public string Format(BoundRequest request) =>
        IsTimestamp(request) ? Write(DateTimeOffset.UnixEpoch.AddSeconds(request[Field].Number)) : request[Field].ToString();

    private string Write(DateTimeOffset at) => at.ToString(TimeFormat ?? Iso8601, CultureInfo.InvariantCulture);
}
