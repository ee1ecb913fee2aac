using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.Features.Windows;

/// <summary>A view of kind <c>Window</c>: features over the user's own events. Section <c>Inference:FeatureViews:{name}</c>.</summary>
public sealed class WindowViewOptions
{
    /// <summary>The kind that makes a feature view a window view.</summary>
    public const string WindowKind = "Window";

    /// <summary><c>Window</c>.</summary>
    public string Kind { get; set; } = WindowKind;

    /// <summary>Whether a prediction that is an event counts itself. Default: true.</summary>
    public bool IncludeCurrent { get; set; } = true;

    /// <summary>
    /// How far behind the user's newest event another may be and still enter the windows, where it belongs. One that is later is
    /// answered, its features say approximate, and it is not kept. Default: 1 day.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan AllowedLateness { get; set; } = TimeSpan.FromDays(1);

    /// <summary>
    /// Most events of a user that are kept one by one; beyond it the oldest are folded into time buckets, and a window whose edge
    /// cuts a bucket says approximate. Default: 1,000.
    /// </summary>
    [Range(4, 1_000_000)]
    public int MaxEvents { get; set; } = 1_000;

    /// <summary>The user's past, read once where nothing is kept of the user yet. Default: none.</summary>
    public EventHistoryOptions? History { get; set; }

    /// <summary>The features, by name.</summary>
    public Dictionary<string, WindowColumnOptions> Columns { get; set; } = [];
}
