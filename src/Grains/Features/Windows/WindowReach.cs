namespace OrleansInference.Grains.Features.Windows;

/// <summary>How far back the windows need the log.</summary>
internal static class WindowReach
{
    /// <summary>Of the longest window. A record is not older than its event, except for events that are said to be of the near future.</summary>
    public static TimeSpan Of(FeatureSources sources) =>
        TimeSpan.FromTicks(sources.Of<WindowView>().Select(view => view.Horizon).DefaultIfEmpty().Max()) + TimeSpan.FromDays(1);
}
