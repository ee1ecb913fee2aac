using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Grains.Features.Windows;
using OrleansInference.Grains.Models.Planning;

namespace OrleansInference.Grains.Users;

/// <summary>A user's features: the views cached in the grain's memory, and everything else read beside them.</summary>
/// <remarks>Belongs to one user's grain and runs on its turns only.</remarks>
internal sealed class UserFeatures
{
    // Of the prediction's time, where it goes on without what is late.
    private const double ShareOfFeatures = 0.75;

    // Of what is left, for what was pushed; the views' queries are still to come.
    private const double ShareOfPushes = 0.25;

    // As many as the models have, in a list that grows by one: a user has no use for a hash table, nor for empty places.
    private readonly List<CachedFeatureView> _views = [];

    private readonly UserIdentity _user;
    private readonly UserFeaturesServices _services;
    private UserPushes? _pushes;
    private bool _hasNoPushes;

    public UserFeatures(UserIdentity user, UserFeaturesServices services)
    {
        _user = user;
        _services = services;
    }

    // Made when it is needed: most users have nothing pushed, and need not keep more than that.
    private UserPushes Pushes
    {
        get
        {
            _hasNoPushes = false;
            return _pushes ??= new UserPushes(_user, _services.Pushes, _views);
        }
    }

    /// <summary>Forgets the cached views; what was pushed is kept in grain storage.</summary>
    public void Clear()
    {
        foreach (var view in _views) view.Dispose();
        _views.Clear();
        _pushes?.Forget();
        _hasNoPushes = false;
    }

    /// <summary>Removes what is kept in grain storage.</summary>
    public Task ClearKeptAsync() => Pushes.ClearAsync();

    /// <summary>Sets values of a view, and keeps them.</summary>
    /// <exception cref="InferenceException">NotFound or InvalidInput: nothing is changed. StorageUnavailable: they may be gone with this silo.</exception>
    public async Task<FeaturePushResult> PushAsync(string view, FeaturePush push, CancellationToken cancellationToken)
    {
        var named = Find(view);
        var (values, eventTime) = FeaturePushReader.Read(named, push, _services.Time.GetUtcNow());
        while (true)
        {
            if (!_hasNoPushes) await Pushes.LoadAsync().WaitAsync(cancellationToken);
            var cached = Cached(named);
            if (cached.GetPushedAfter(values, eventTime) is { } next) Pushes.EnsureFits(view, next);
            var result = new FeaturePushResult(cached.Push(values, eventTime), cached.EventTime!.Value);

            // Again where it could not be kept beside what another activation had kept: that is known now.
            if (!result.Applied || await Pushes.SaveAsync().WaitAsync(cancellationToken)) return result;
        }
    }

    /// <summary>Has a view's values read again before they are used.</summary>
    /// <exception cref="InferenceException">NotFound. StorageUnavailable.</exception>
    public async Task InvalidateAsync(string view, CancellationToken cancellationToken)
    {
        var named = Find(view);
        while (true)
        {
            await LoadPushesAsync().WaitAsync(cancellationToken);
            var wasPushed = _pushes?.Find(view) is not null;
            Cached(named).Invalidate();
            if (!wasPushed || await Pushes.SaveAsync().WaitAsync(cancellationToken)) return;
        }
    }

    /// <summary>Reads the plan's views that are not fresh, together; their names.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public async Task<IReadOnlyList<string>> WarmAsync(PredictPlan plan, CancellationToken cancellationToken)
    {
        await LoadPushesAsync().WaitAsync(cancellationToken);
        var views = plan.Sources.Select(planned => planned.Source).OfType<FeatureView>().ToArray();
        await Task.WhenAll(views.Select(view => Cached(view).WarmAsync(cancellationToken)));
        return [.. views.Select(view => view.Name)];
    }

    /// <summary>The views that have values, for people.</summary>
    public IReadOnlyList<CachedFeatures> Describe() => [.. _views.Where(view => view.Row is not null).Select(view => view.Describe())];

    /// <summary>Starts every source of the plan in this turn, then waits for them together. Window views are left out.</summary>
    public async ValueTask<FeatureRow?[]> ReadAsync(PredictPlan plan, BoundRequest request, TimeBudget budget)
    {
        if (plan.HasViews && !_hasNoPushes && _pushes is not { IsLoaded: true }) await LoadPushesAsync(plan, budget);
        var query = new FeatureQuery(_user.Id, request, budget, request.MaxAge);
        var rows = new FeatureRow?[plan.Sources.Count];

        // What is in memory is there at once, without a task.
        Task<FeatureRow>?[]? pending = null;
        for (var i = 0; i < rows.Length; i++)
        {
            if (plan.Sources[i].Source is WindowView) continue;
            var read = Read(plan.Sources[i].Source, query);
            if (read.IsCompletedSuccessfully) rows[i] = read.Result;
            else (pending ??= new Task<FeatureRow>?[rows.Length])[i] = read.AsTask();
        }

        for (var i = 0; i < pending?.Length; i++)
        {
            if (pending[i] is { } late) rows[i] = await InTimeAsync(late, plan, plan.Sources[i].Source, budget);
        }

        return rows;
    }

    // Sources stand in for themselves before that, where they can: with what they had, which is better than the defaults.
    private async ValueTask<FeatureRow> InTimeAsync(Task<FeatureRow> pending, PredictPlan plan, IFeatureSource source, TimeBudget budget)
    {
        if (plan.OnDeadline is DeadlinePolicy.Fail) return await pending.WaitAsync(budget.Token);
        var left = (budget.Total * ShareOfFeatures) - budget.Elapsed;
        try
        {
            return await pending.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, _services.Time, budget.Token);
        }
        catch (TimeoutException)
        {
            pending.Ignore();
            return FeatureRow.Defaults(source.Columns, _services.Time.GetTimestamp(), degraded: true);
        }
    }

    private ValueTask<FeatureRow> Read(IFeatureSource source, FeatureQuery query)
    {
        if (source is not FeatureView view) return source.ReadAsync(query);
        return Cached(view).ReadAsync(query.Budget, query.MaxAge);
    }

    // Where a database stands behind the views, it has what there is without them.
    private async ValueTask LoadPushesAsync(PredictPlan plan, TimeBudget budget)
    {
        try
        {
            await LoadPushesAsync().WaitAsync(budget.Remaining * ShareOfPushes, _services.Time, budget.Token);
        }
        catch (Exception e) when (e is InferenceException or TimeoutException && !plan.HasPushedViews)
        {
            // Tried again with the next prediction.
        }
        catch (TimeoutException)
        {
            throw new InferenceException(InferenceErrorCode.StorageUnavailable, "The user's pushed features were not read in the time that a prediction has for them. Retry.", TimeSpan.FromSeconds(1));
        }
    }

    private async Task LoadPushesAsync()
    {
        if (_hasNoPushes) return;
        var pushes = Pushes;
        await pushes.LoadAsync();
        if (pushes == _pushes && pushes.IsNothing) (_pushes, _hasNoPushes) = (null, true);
    }

    private CachedFeatureView Cached(FeatureView view)
    {
        foreach (var one in _views)
        {
            if (one.View == view) return one;
        }

        var cached = new CachedFeatureView(view, _user.Id);
        _views.Capacity = _views.Count + 1;
        _views.Add(cached);
        if (_pushes?.Find(view.Name) is { } pushed) cached.PutBack(pushed);
        return cached;
    }

    private FeatureView Find(string name) => _services.Sources.Find(name) as FeatureView ?? throw new InferenceException(
        InferenceErrorCode.NotFound,
        $"There is no feature view '{FieldError.Quote(name)}'. Views: {(_services.Sources.NamesOf(source => source is FeatureView).ToArray() is { Length: > 0 } names ? string.Join(", ", names) : "(none)")}.");
}
