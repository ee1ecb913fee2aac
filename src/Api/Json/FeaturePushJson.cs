using System.Text.Json;

namespace OrleansInference.Api.Json;

/// <summary>Reads <c>{"event_time": "...", "values": {"name": value}}</c> and <c>{"model": "..."}</c>.</summary>
internal static class FeaturePushJson
{
    private const string Example = "{\"values\": {\"name\": 1}}";

    /// <exception cref="BadHttpRequestException">400: not JSON; 415: not said to be JSON.</exception>
    /// <exception cref="InferenceException">InvalidInput; every fault at once. Whether the values fit the view, the view says.</exception>
    public static ValueTask<FeaturePush> ReadPushAsync(HttpRequest request) => JsonBody.ReadAsync(request, ReadPush);

    /// <summary>The model of a prefetch; null where the body is left out or names none.</summary>
    /// <exception cref="BadHttpRequestException">400: not JSON; 415: not said to be JSON.</exception>
    /// <exception cref="InferenceException">InvalidInput.</exception>
    public static async ValueTask<string?> ReadModelAsync(HttpRequest request) =>
        request.ContentLength is 0 || (request.ContentLength is null && request.ContentType is null) ? null : await JsonBody.ReadAsync(request, ReadModel);

    private static FeaturePush ReadPush(JsonElement body)
    {
        ThrowIfNoObject(body, Example);
        var faults = new List<FieldError>();
        RequestValue eventTime = default;
        RequestField[]? values = null;
        foreach (var property in body.EnumerateObject())
        {
            var name = JsonBody.NameOf(property);
            if (name is "event_time") eventTime = ToValue(property.Value);
            else if (name is not "values") faults.Add(Fault(name, property.Value, "is not a field of a push; its fields are event_time and values"));
            else if (property.Value.ValueKind is not JsonValueKind.Object) faults.Add(Fault(name, property.Value, "must be an object with a value for each feature, such as {\"name\": 1}"));
            else values = [.. property.Value.EnumerateObject().Select(value => new RequestField(JsonBody.NameOf(value), ToValue(value.Value)))];
        }

        if (values is null && !faults.Exists(fault => fault.Field is "values")) faults.Add(new FieldError("values", "is required: an object with a value for each feature, such as {\"name\": 1}", null));
        return faults.Count == 0 ? new FeaturePush { EventTime = eventTime, Values = values! } : throw InferenceException.InvalidInput(faults);
    }

    private static string? ReadModel(JsonElement body)
    {
        ThrowIfNoObject(body, "{\"model\": \"fraud\"}");
        string? model = null;
        foreach (var property in body.EnumerateObject())
        {
            var name = JsonBody.NameOf(property);
            if (name is not "model") throw InferenceException.InvalidInput(Fault(name, property.Value, "is not a field of a prefetch; its only field is model"));
            if (JsonBody.TryGetText(property.Value, out var text)) model = text;
            else if (property.Value.ValueKind is not JsonValueKind.Null) throw InferenceException.InvalidInput(Fault(name, property.Value, "must be a string of valid Unicode"));
        }

        return model;
    }

    private static void ThrowIfNoObject(JsonElement body, string example)
    {
        if (body.ValueKind is not JsonValueKind.Object)
            throw InferenceException.InvalidInput(new FieldError("", $"must be a JSON object such as {example}", JsonBody.Quote(body)));
    }

    private static RequestValue ToValue(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => default,
        JsonValueKind.True or JsonValueKind.False => value.GetBoolean(),
        JsonValueKind.Number when value.TryGetDouble(out var number) && double.IsFinite(number) => number,
        JsonValueKind.Number => RequestValue.Infinite(JsonBody.Quote(value)),
        JsonValueKind.String when JsonBody.TryGetText(value, out var text) => text,
        _ => RequestValue.Unsupported(JsonBody.Quote(value)),
    };

    private static FieldError Fault(string name, JsonElement value, string fault) => new(FieldError.Quote(name), fault, JsonBody.Quote(value));
}
