using System.Text.Json;

namespace OrleansInference.Api.Json;

/// <summary>Reads the body of an outcome, <c>{"label": true}</c>.</summary>
internal static class OutcomeReader
{
    private const string Example = "{\"label\": true}";

    /// <exception cref="BadHttpRequestException">400: not JSON; 415: not said to be JSON.</exception>
    /// <exception cref="InferenceException">InvalidInput; every fault at once.</exception>
    public static ValueTask<double> ReadAsync(HttpRequest request) => JsonBody.ReadAsync(request, Read);

    private static double Read(JsonElement body)
    {
        if (body.ValueKind is not JsonValueKind.Object)
            throw InferenceException.InvalidInput(new FieldError("", $"must be a JSON object such as {Example}", JsonBody.Quote(body)));

        var faults = new List<FieldError>();
        double? label = null;
        foreach (var property in body.EnumerateObject())
        {
            var (name, sent) = (JsonBody.NameOf(property), JsonBody.Quote(property.Value));
            if (name is not "label") faults.Add(new FieldError(FieldError.Quote(name), "is not a field of an outcome; its only field is label", sent));
            else if (label is not null) faults.Add(new FieldError("label", "was sent twice; send it once", sent));
            else if (ReadLabel(property.Value) is { } value) label = value;
            else faults.Add(new FieldError("label", "must be true, false or a finite number", sent));
        }

        if (label is null && !faults.Exists(fault => fault.Field is "label")) faults.Add(new FieldError("label", "is required (true, false or a number)", null));
        return faults.Count == 0 ? label!.Value : throw InferenceException.InvalidInput(faults);
    }

    private static double? ReadLabel(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        JsonValueKind.Number when value.GetDouble() is var number && double.IsFinite(number) => number,
        _ => null,
    };
}
