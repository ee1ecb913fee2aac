namespace OrleansInference.Grains.Models.Manifest;

/// <summary>What makes a prediction an event of the user.</summary>
public sealed record EventSection
{
    /// <summary>The window view that it enters.</summary>
    public required string View { get; init; }

    /// <summary>The request field that is the event's <c>value</c>. Short for <c>"fields": { "value": … }</c>.</summary>
    public string? Value { get; init; }

    /// <summary>For each field of the view, the request field that fills it.</summary>
    public IReadOnlyDictionary<string, string>? Fields { get; init; }

    /// <summary>The timestamp field that is its time. Default: the time of arrival.</summary>
    public string? Time { get; init; }

    /// <summary><c>"{field} given"</c>: only a request that sends the field is an event. Default: every request is one.</summary>
    public string? When { get; init; }
}
