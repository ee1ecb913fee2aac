using OrleansInference.Grains.Features.Windows;

namespace UnitTests.Fakes;

/// <summary>Window views as tests need them.</summary>
internal static class WindowViews
{
    /// <summary>Count, mean and the rest over one day and one week of <c>value</c>.</summary>
    public static WindowView Spending(Action<WindowViewOptions>? change = null, string name = "spending")
    {
        var options = new WindowViewOptions();
        foreach (var (suffix, window) in new[] { ("1d", TimeSpan.FromDays(1)), ("7d", TimeSpan.FromDays(7)) })
        {
            foreach (var aggregate in Enum.GetValues<WindowAggregate>())
                options.Columns.Add($"{aggregate.ToString().ToLowerInvariant()}_{suffix}", new WindowColumnOptions { Aggregate = aggregate.ToString(), Window = window });
        }

        change?.Invoke(options);
        return new WindowView(name, options);
    }
}
