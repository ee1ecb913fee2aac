using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains.Features.Views;

/// <summary>Features of the user by a query, or by pushes. <see cref="CachedFeatureView"/> keeps the values with the user.</summary>
public sealed partial class FeatureView : IFeatureView
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly FeatureColumn[] _columns;
    private readonly IFeatureDatabase _database;
    private readonly GroupedLoader? _loader;
    private readonly InferenceInstruments _instruments;
    private readonly ILogger<FeatureView> _logger;

    public FeatureView(
        string name, FeatureViewOptions options, IFeatureDatabase database, TimeProvider time, InferenceInstruments instruments, ILogger<FeatureView> logger)
    {
        Name = name;
        Options = options;
        _columns = FeatureColumnOptions.Compile($"Inference:FeatureViews:{name}", options.Columns);
        _database = database;
        Time = time;
        NothingPushed = new PushedValues(_columns, time);
        _instruments = instruments;
        _logger = logger;
        if (options.IsGrouped) _loader = new GroupedLoader(userIds => AskAsync(userIds), options.GatherDelay, options.MaxKeysPerQuery, time);
    }

    public string Name { get; }

    public IReadOnlyList<FeatureColumn> Columns => _columns;

    public IReadOnlyList<string> RequestFields => [];

    public FeatureViewOptions Options { get; }

    /// <summary>Whether there is nothing to ask, so that what was pushed is all there is.</summary>
    internal bool IsPushed => Options.Kind is FeatureViewKind.Push;

    /// <summary>Whether one query asks for many users.</summary>
    public bool IsGrouped => _loader is not null;

    internal TimeProvider Time { get; }

    /// <summary>What users share to whom nothing was pushed. Never written to.</summary>
    internal PushedValues NothingPushed { get; }

    /// <summary>Which users' cached values are to be read again.</summary>
    internal ViewMarks Marks { get; } = new();

    public async ValueTask<FeatureRow> ReadAsync(FeatureQuery query) =>
        IsPushed ? FeatureRow.Defaults(_columns, Time.GetTimestamp(), degraded: false) : (await QueryAsync(query.UserId)).Row;

    /// <summary>Asks the database, whatever is cached.</summary>
    /// <exception cref="InferenceException">The database did not answer: 503, since a made-up history would be worse than none.</exception>
    public async Task<LoadedRow> QueryAsync(string userId)
    {
        try
        {
            var stored = _loader is null ? (await AskAsync([userId])).GetValueOrDefault(userId) : await _loader.LoadAsync(userId);
            if (stored?.Fault is { } fault) throw new FeatureDatabaseException(fault);
            return ToLoaded(stored);
        }
        catch (FeatureDatabaseException e)
        {
            _instruments.OnFeatureFailure(Name);
            LogViewFailed(e, Name);
            throw Unavailable(e.Message);
        }
    }

    /// <summary>Whether the database takes the query; logs why where it does not.</summary>
    public async Task CheckAsync()
    {
        if (IsPushed) return;
        try
        {
            await _database.CheckAsync(this);
        }
        catch (Exception e)
        {
            // Whatever it is, the first prediction would meet it too; the start does not.
            LogNotChecked(e, Name);
        }
    }

    /// <summary>Makes one user's cached values stale in this silo.</summary>
    public void MarkChanged(string userId) => Marks.Raise(userId);

    /// <summary>Makes every user's cached values stale in this silo.</summary>
    public void MarkAllChanged() => Marks.RaiseAll();

    internal InferenceException Unavailable(string reason) =>
        new(InferenceErrorCode.StorageUnavailable, $"The database of feature view {Name} did not answer: {reason}", RetryAfter);

    private Task<IReadOnlyDictionary<string, StoredRow>> AskAsync(IReadOnlyList<string> userIds)
    {
        _instruments.OnFeatureQuery(Name, userIds.Count);
        return _database.QueryAsync(this, userIds);
    }

    private LoadedRow ToLoaded(StoredRow? stored) => stored is null
        ? new LoadedRow(FeatureRow.Defaults(_columns, Time.GetTimestamp(), degraded: false), Known: false, null)
        : new LoadedRow(new FeatureRow(WithDefaults(stored.Values), Time.GetTimestamp()), Known: true, stored.EventTime);

    private FeatureValue[] WithDefaults(FeatureValue[] values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i].IsMissing) values[i] = _columns[i].Default;
        }

        return values;
    }

    [LoggerMessage(EventIds.FeatureViewFailed, LogLevel.Error, "The query of feature view {ViewName} failed")]
    private partial void LogViewFailed(Exception cause, string viewName);

    [LoggerMessage(EventIds.FeatureViewNotChecked, LogLevel.Warning, "Feature view {ViewName} could not be checked at the start; its predictions fail until its query can be prepared")]
    private partial void LogNotChecked(Exception cause, string viewName);
}
