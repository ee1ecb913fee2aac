namespace OrleansInference.Grains.Features.Windows;

/// <summary>A feature of a window view. Section <c>Inference:FeatureViews:{name}:Columns:{feature}</c>.</summary>
public sealed class WindowColumnOptions
{
    /// <summary>count, sum, mean, min, max, last, distinct or rate.</summary>
    public string Aggregate { get; set; } = "";

    /// <summary>The window's length w: the feature at t is over the events in (t - w, t]. Above zero, at most 3650 days.</summary>
    public TimeSpan Window { get; set; }

    /// <summary>The field of the event that is aggregated; count and rate take none. Default: <c>value</c>.</summary>
    public string Of { get; set; } = WindowColumn.DefaultField;

    /// <summary>The value of mean, min, max and last where no event in the window has the field. Default: none.</summary>
    public string? Default { get; set; }
}
