using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Windows;

namespace OrleansInference.Grains.Models.Planning;

/// <summary>What makes a prediction an event of the user, and which fields of the request it keeps.</summary>
/// <param name="View">The view whose windows it enters.</param>
/// <param name="Fields">The position of the request's field for each field of the view.</param>
/// <param name="Time">The position of the timestamp; null for the time of arrival.</param>
/// <param name="Given">The position of the field that must have been sent; null where every prediction is an event.</param>
public sealed record PlannedEvent(WindowView View, IReadOnlyList<int> Fields, int? Time, int? Given)
{
    /// <summary>Whether a request is an event. One that is not is a question.</summary>
    public bool Happens(BoundRequest request) =>
        Given is not { } field || (!request.Values[field].IsMissing && request.Values[field].Status is not FeatureStatus.Default);

    public WindowEvent ToEvent(BoundRequest request)
    {
        var values = new double[Fields.Count];
        for (var i = 0; i < values.Length; i++) values[i] = ToNumber(request.Values[Fields[i]]);
        return new WindowEvent(At(request).UtcTicks, values);
    }

    private DateTimeOffset At(BoundRequest request) =>
        Time is { } field && !request.Values[field].IsMissing ? RequestContract.ToInstant(request.Values[field].Number) : request.At;

    private static double ToNumber(FeatureValue value) => value.Type switch
    {
        FeatureType.Number => value.Number,
        FeatureType.Text => WindowEvent.Hash(value.Text!),
        _ => double.NaN,
    };
}
