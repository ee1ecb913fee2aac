using System.ComponentModel;
using System.Text.Json.Serialization;

namespace OrleansInference.Api.Endpoints;

/// <summary>New values of a user's features, as documented here; <see cref="Json.FeaturePushJson"/> reads it.</summary>
internal sealed record FeaturePushBody
{
    [JsonPropertyName("event_time"), Description("When the values came to be: ISO 8601 or Unix seconds, at most 5 minutes ahead. Default: the arrival.")]
    public object? EventTime { get; init; }

    [JsonPropertyName("values"), JsonRequired, Description("Numbers, true, false or text by the name of the feature; null stands for the feature's default. What is left out keeps its value.")]
    public IReadOnlyDictionary<string, object?> Values { get; init; } = new Dictionary<string, object?>();
}

/// <summary>What became of a push.</summary>
internal sealed record FeaturePushResultBody(
    [property: JsonPropertyName("applied"), Description("Whether the values were taken; not where something later is known.")] bool Applied,
    [property: JsonPropertyName("event_time"), Description("The latest event time that is known now.")] DateTime EventTime);

/// <summary>For which model to prefetch; the body may be left out.</summary>
internal sealed record PrefetchBody
{
    [JsonPropertyName("model"), Description("The model. Default: the default model.")]
    public string? Model { get; init; }
}

/// <summary>What is in memory now.</summary>
internal sealed record PrefetchedBody(
    [property: JsonPropertyName("model")] string Model,
    [property: JsonPropertyName("views"), Description("The model's feature views.")] IReadOnlyList<string> Views);
