namespace OrleansInference.Grains.PostProcessing;

/// <summary>The event that a prediction was, as its record keeps it: the log is the journal of the live windows.</summary>
/// <param name="View">The window view that it entered.</param>
/// <param name="Ticks">UTC ticks of its time.</param>
/// <param name="Fields">Its numbers by the view's field; see <see cref="Features.Windows.WindowEvent"/>.</param>
public sealed record RecordedEvent(string View, long Ticks, IReadOnlyList<KeyValuePair<string, double>> Fields);
