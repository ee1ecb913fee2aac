using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Grains.Features.Windows;
using OrleansInference.Grains.Models.Planning;

namespace OrleansInference.Grains.Users;

/// <summary>A user's features: the views cached in the grain's memory, and everything else read beside them.</summary>
/// <remarks>Belongs to one user's grain and runs on its turns only.</remarks>
internal sealed class UserFeatures(string userId, TimeProvider time)
{
    private readonly Dictionary<FeatureView, CachedFeatureView> _views = [];

    public IEnumerable<CachedFeatureView> Views => _views.Values;

    /// <summary>Forgets the cached views.</summary>
    public void Clear() => _views.Clear();

    /// <summary>Starts every source of the plan in this turn, then waits for them together. Window views are left out.</summary>
    public async ValueTask<FeatureRow?[]> ReadAsync(PredictPlan plan, BoundRequest request, TimeBudget budget)
    {
        var query = new FeatureQuery(userId, request, budget);
        var reads = new PendingRow[plan.Sources.Count];
        for (var i = 0; i < reads.Length; i++)
        {
            if (plan.Sources[i].Source is not WindowView) reads[i] = PendingRow.Of(Read(plan.Sources[i].Source, query));
        }

        var rows = new FeatureRow?[reads.Length];
        for (var i = 0; i < rows.Length; i++) rows[i] = reads[i].Pending is { } pending ? await pending : reads[i].Row;
        return rows;
    }

    private ValueTask<FeatureRow> Read(IFeatureSource source, FeatureQuery query)
    {
        if (source is not FeatureView view) return source.ReadAsync(query);
        if (!_views.TryGetValue(view, out var cached)) _views.Add(view, cached = new CachedFeatureView(view, userId, time));
        return cached.ReadAsync(query.Budget.Token);
    }

    // What is in memory is there at once, without a task.
    private readonly record struct PendingRow(FeatureRow? Row, Task<FeatureRow>? Pending)
    {
        public static PendingRow Of(ValueTask<FeatureRow> read) =>
            read.IsCompletedSuccessfully ? new(read.Result, null) : new(null, read.AsTask());
    }
}
