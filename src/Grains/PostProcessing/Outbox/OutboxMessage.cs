using System.Globalization;
using System.Text.Json;
using OrleansInference.Grains.Features;

namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>A message that a prediction owes: committed with its record, delivered at least once.</summary>
/// <param name="Id">Stable over retries; the receiver's key against repeats.</param>
/// <param name="Kind"><c>alert</c> or <c>workflow</c>.</param>
/// <param name="Target">The webhook's name.</param>
/// <param name="Payload">The CloudEvents 1.0 JSON document, UTF-8.</param>
public sealed record OutboxMessage(string Id, string Kind, string Target, byte[] Payload)
{
    /// <summary>The rule that owed it, <c>{model}/{rule}</c>; null for none that is known.</summary>
    public string? Rule { get; init; }

    /// <summary>The messages that a prediction owes by some rules of its model.</summary>
    public static IReadOnlyList<OutboxMessage> For(IReadOnlyList<OutboxRule> rules, string userId, BoundRequest request, Prediction prediction, DateTimeOffset now)
    {
        if (rules.Count == 0) return [];
        var messages = new OutboxMessage[rules.Count];
        for (var i = 0; i < messages.Length; i++) messages[i] = Write(rules[i], userId, request, prediction, now);
        return messages;
    }

    private static OutboxMessage Write(OutboxRule rule, string userId, BoundRequest request, Prediction prediction, DateTimeOffset now)
    {
        var id = $"{prediction.PredictionId:D}-{rule.Name}";
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("specversion", "1.0");
            json.WriteString("id", id);
            json.WriteString("source", $"/models/{prediction.Model}");
            json.WriteString("type", $"orleans-inference.{rule.Kind}");
            json.WriteString("time", now);
            json.WriteString("subject", userId);
            json.WriteString("datacontenttype", "application/json");
            WriteData(json, userId, request, prediction);
            json.WriteEndObject();
        }

        return new OutboxMessage(id, rule.Kind, rule.Target, body.ToArray()) { Rule = rule.KeyIn(prediction.Model) };
    }

    private static void WriteData(Utf8JsonWriter json, string userId, BoundRequest request, Prediction prediction)
    {
        json.WriteStartObject("data");
        json.WriteString("prediction_id", prediction.PredictionId);
        json.WriteString("user_id", userId);
        json.WriteString("model", prediction.Model);
        json.WriteString("model_version", prediction.ModelVersion.ToString(CultureInfo.InvariantCulture));
        json.WriteNumber("prediction", prediction.Value);
        json.WriteString("info", prediction.Info);
        json.WriteStartObject("request");
        for (var i = 0; i < request.Values.Length; i++)
        {
            json.WritePropertyName(request.Contract.Fields[i].Name);
            JsonSerializer.Serialize(json, request.Values[i].ToObject());
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
