using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Grains.Features.Windows;
using OrleansInference.Grains.Models.Planning;

namespace OrleansInference.Grains.Users;

/// <summary>A user's features: the views cached in the grain's memory, and everything else read beside them.</summary>
/// <remarks>Belongs to one user's grain and runs on its turns only.</remarks>
internal sealed class UserFeatures(string userId, FeatureSources sources, TimeProvider time)
{
    // Of the prediction's time, where it goes on without what is late.
    private const double ShareOfFeatures = 0.75;

    private readonly Dictionary<FeatureView, CachedFeatureView> _views = [];

    public IEnumerable<CachedFeatureView> Views => _views.Values;

    /// <summary>Forgets the cached views, and what was pushed with them.</summary>
    public void Clear()
    {
        foreach (var view in _views.Values) view.Dispose();
        _views.Clear();
    }

    /// <summary>Sets values of a view.</summary>
    /// <exception cref="InferenceException">NotFound or InvalidInput: nothing is changed.</exception>
    public FeaturePushResult Push(string view, FeaturePush push)
    {
        var named = Find(view);
        var (values, eventTime) = FeaturePushReader.Read(named, push, time.GetUtcNow());
        var cached = Cached(named);
        return new FeaturePushResult(cached.Push(values, eventTime), cached.EventTime!.Value);
    }

    /// <summary>Has a view's values read again before they are used.</summary>
    /// <exception cref="InferenceException">NotFound.</exception>
    public void Invalidate(string view)
    {
        if (_views.TryGetValue(Find(view), out var cached)) cached.Invalidate();
    }

    /// <summary>Reads the plan's views that are not fresh, together; their names.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public async Task<IReadOnlyList<string>> WarmAsync(PredictPlan plan, CancellationToken cancellationToken)
    {
        var views = plan.Sources.Select(planned => planned.Source).OfType<FeatureView>().ToArray();
        await Task.WhenAll(views.Select(view => Cached(view).WarmAsync(cancellationToken)));
        return [.. views.Select(view => view.Name)];
    }

    /// <summary>The views that have values, for people.</summary>
    public IReadOnlyList<CachedFeatures> Describe() => [.. _views.Values.Where(view => view.Row is not null).Select(view => view.Describe())];

    /// <summary>Starts every source of the plan in this turn, then waits for them together. Window views are left out.</summary>
    public async ValueTask<FeatureRow?[]> ReadAsync(PredictPlan plan, BoundRequest request, TimeBudget budget)
    {
        var query = new FeatureQuery(userId, request, budget, request.MaxAge);
        var reads = new PendingRow[plan.Sources.Count];
        for (var i = 0; i < reads.Length; i++)
        {
            if (plan.Sources[i].Source is not WindowView) reads[i] = PendingRow.Of(Read(plan.Sources[i].Source, query));
        }

        var rows = new FeatureRow?[reads.Length];
        for (var i = 0; i < rows.Length; i++)
            rows[i] = reads[i].Pending is { } pending ? await InTimeAsync(pending, plan, plan.Sources[i].Source, budget) : reads[i].Row;
        return rows;
    }

    // Sources stand in for themselves before that, where they can: with what they had, which is better than the defaults.
    private async ValueTask<FeatureRow> InTimeAsync(Task<FeatureRow> pending, PredictPlan plan, IFeatureSource source, TimeBudget budget)
    {
        if (plan.OnDeadline is DeadlinePolicy.Fail) return await pending.WaitAsync(budget.Token);
        var left = (budget.Total * ShareOfFeatures) - budget.Elapsed;
        try
        {
            return await pending.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, budget.Token);
        }
        catch (TimeoutException)
        {
            pending.Ignore();
            return FeatureRow.Defaults(source.Columns, time.GetTimestamp(), degraded: true);
        }
    }

    private ValueTask<FeatureRow> Read(IFeatureSource source, FeatureQuery query)
    {
        if (source is not FeatureView view) return source.ReadAsync(query);
        return Cached(view).ReadAsync(query.Budget, query.MaxAge);
    }

    private CachedFeatureView Cached(FeatureView view)
    {
        if (!_views.TryGetValue(view, out var cached)) _views.Add(view, cached = new CachedFeatureView(view, userId, time));
        return cached;
    }

    private FeatureView Find(string name) => sources.Find(name) as FeatureView ?? throw new InferenceException(
        InferenceErrorCode.NotFound,
        $"There is no feature view '{FieldError.Quote(name)}'. Views: {(sources.NamesOf(source => source is FeatureView).ToArray() is { Length: > 0 } names ? string.Join(", ", names) : "(none)")}.");

    // What is in memory is there at once, without a task.
    private readonly record struct PendingRow(FeatureRow? Row, Task<FeatureRow>? Pending)
    {
        public static PendingRow Of(ValueTask<FeatureRow> read) =>
            read.IsCompletedSuccessfully ? new(read.Result, null) : new(null, read.AsTask());
    }
}
