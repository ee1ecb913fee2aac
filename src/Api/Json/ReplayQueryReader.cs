using System.Globalization;
using System.Text.Json;

namespace OrleansInference.Api.Json;

/// <summary>Reads the body of a replay of a time range, <c>{"version": "2", "from": "2026-04-01T00:00:00Z"}</c>.</summary>
internal static class ReplayQueryReader
{
    private const string Example = "{\"version\": \"2\"}";

    /// <exception cref="BadHttpRequestException">400: not JSON; 415: not said to be JSON.</exception>
    /// <exception cref="InferenceException">InvalidInput; every fault at once.</exception>
    public static ValueTask<ReplayQuery> ReadAsync(string model, HttpRequest request) => JsonBody.ReadAsync(request, body => Read(model, body));

    private static ReplayQuery Read(string model, JsonElement body)
    {
        if (body.ValueKind is not JsonValueKind.Object)
            throw InferenceException.InvalidInput(new FieldError("", $"must be a JSON object such as {Example}", JsonBody.Quote(body)));

        var faults = new List<FieldError>();
        var (query, names) = (new ReplayQuery { Model = model, Version = "" }, new HashSet<string>());
        foreach (var property in body.EnumerateObject())
        {
            var name = JsonBody.NameOf(property);
            if (!names.Add(name)) Refuse(faults, name, property.Value, "was sent twice; send it once");
            else query = Read(query, name, property.Value, faults);
        }

        if (!names.Contains("version")) faults.Add(new FieldError("version", "is required (a version's number or label, such as \"2\")", null));
        return faults.Count == 0 ? query : throw InferenceException.InvalidInput(faults);
    }

    private static ReplayQuery Read(ReplayQuery query, string name, JsonElement value, List<FieldError> faults)
    {
        var isNull = value.ValueKind is JsonValueKind.Null;
        return name switch
        {
            "version" when ReadVersion(value) is { Length: > 0 } version => query with { Version = version },
            "from" when isNull => query,
            "from" when ReadTime(value) is { } from => query with { From = from },
            "to" when isNull => query,
            "to" when ReadTime(value) is { } to => query with { To = to },
            "limit" when isNull => query,
            "limit" when value.ValueKind is JsonValueKind.Number && value.TryGetInt64(out var limit) => query with { Limit = limit },
            _ => Refuse(query, faults, name, value),
        };
    }

    private static string? ReadVersion(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String when JsonBody.TryGetText(value, out var text) => text,
        JsonValueKind.Number when value.TryGetInt32(out var number) => number.ToString(CultureInfo.InvariantCulture),
        _ => null,
    };

    private static DateTimeOffset? ReadTime(JsonElement value) => JsonBody.TryGetText(value, out var text) && IsoTime.TryRead(text, out var time) ? time : null;

    private static ReplayQuery Refuse(ReplayQuery query, List<FieldError> faults, string name, JsonElement value)
    {
        Refuse(faults, name, value, name switch
        {
            "version" => "must be a version's number or label, such as \"2\"",
            "from" or "to" => "must be an ISO 8601 time such as \"2026-04-01T00:00:00Z\"",
            "limit" => "must be a whole number",
            _ => "is not a field of a replay; its fields are version, from, to and limit",
        });
        return query;
    }

    private static void Refuse(List<FieldError> faults, string name, JsonElement value, string fault) =>
        faults.Add(new FieldError(FieldError.Quote(name), fault, JsonBody.Quote(value)));
}
