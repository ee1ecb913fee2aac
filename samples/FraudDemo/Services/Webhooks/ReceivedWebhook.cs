using System.Text.Json;
using System.Text.Json.Serialization;

namespace FraudDemo;

/// <summary>One delivery, as it came. A sender that delivers at least once may deliver again, with the same key.</summary>
/// <param name="Target">Last part of the path, for example <c>alerts</c>.</param>
/// <param name="ReceivedAt">When, in UTC.</param>
/// <param name="IdempotencyKey">The header Idempotency-Key, if any: equal for repeated deliveries of one message.</param>
/// <param name="Body">The JSON body.</param>
public sealed record ReceivedWebhook(
    [property: JsonPropertyName("target")] string Target,
    [property: JsonPropertyName("received_at")] DateTime ReceivedAt,
    [property: JsonPropertyName("idempotency_key")] string? IdempotencyKey,
    [property: JsonPropertyName("body")] JsonElement Body)
{
    /// <summary>The prediction it is about: <c>data.prediction_id</c> of an event envelope, or <c>prediction_id</c>; else null.</summary>
    [JsonIgnore]
    public string? PredictionId => TextOf(Property(Property(Body, "data"), "prediction_id")) ?? TextOf(Property(Body, "prediction_id"));

    private static JsonElement Property(JsonElement element, string name)
        => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    private static string? TextOf(JsonElement element) => element.ValueKind == JsonValueKind.String ? element.GetString() : null;
}
