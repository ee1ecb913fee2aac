using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Windows;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Retention;

namespace OrleansInference.Grains.Users;

/// <summary>Brings back a user's windows: the snapshot, then what the log has after it; without one, the team's own tables first.</summary>
/// <remarks>A snapshot that cannot be read is done without, where the log is whole: it has everything that a snapshot has.</remarks>
internal sealed partial class WindowLoader(
    FeatureSources sources,
    UserSnapshots snapshots,
    IPredictionLog log,
    IEventHistory history,
    IOptions<RetentionOptions> retention,
    InferenceInstruments instruments,
    ILogger<WindowLoader> logger)
{
    private const int RecordsAtOnce = 500;

    private readonly WindowView[] _views = [.. sources.Of<WindowView>()];

    // Records that a snapshot holds may be gone from a log that keeps them for less than the windows reach.
    private readonly bool _isLogWhole = retention.Value.Predictions is not { } age || age >= WindowReach.Of(sources);

    /// <summary>All windows of the user.</summary>
    /// <param name="user">The user's grain.</param>
    /// <param name="at">The instant of the prediction that needs them: a history ends before the first event, or here.</param>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public async Task<LoadedWindows> LoadAsync(GrainId user, DateTimeOffset at)
    {
        var kept = await ReadSnapshotAsync(user);
        var snapshot = kept?.Snapshot;
        var restored = _views.Select(view => Restore(view, snapshot)).ToArray();
        var isWhole = restored.All(window => window is not null);
        var recorded = await ReadRecordedAsync(user.Key.ToString()!, isWhole ? snapshot!.Sequence : 0);
        var (windows, unkept) = (new EventWindow[_views.Length], recorded.Count);
        for (var i = 0; i < windows.Length; i++)
        {
            var missed = restored[i] is null ? 0 : snapshot!.Sequence;
            var events = recorded.Where(record => record.Sequence > missed && record.Event.View == _views[i].Name).Select(record => ToEvent(_views[i], record.Event)).ToArray();
            windows[i] = restored[i] ?? await ReadHistoryAsync(_views[i], user, events.Length > 0 ? new DateTimeOffset(events[0].Ticks, TimeSpan.Zero) : at);
            if (restored[i] is null && windows[i].Count > 0) unkept += SnapshotWriter.EventsBetween;
            foreach (var one in events) Place(windows[i], one);
        }

        return new LoadedWindows(windows, kept, recorded.Count > 0 ? recorded[^1].Sequence : snapshot?.Sequence ?? 0, unkept);
    }

    private async Task<KeptSnapshot?> ReadSnapshotAsync(GrainId user)
    {
        if (!_isLogWhole) return await snapshots.ReadAsync(user);
        var kept = await snapshots.TryReadAsync(user);
        if (kept is null) instruments.OnSnapshotFailed("read");
        return kept;
    }

    private EventWindow? Restore(WindowView view, UserSnapshot? snapshot)
    {
        if (snapshot?.Windows.GetValueOrDefault(view.Name) is not { } bytes) return null;
        try
        {
            return EventWindowCodec.Decode(view, bytes);
        }
        catch (InvalidDataException e)
        {
            // The log and the history have it all the same, or most of it.
            instruments.OnSnapshotFailed("read");
            LogUnreadable(e, view.Name);
            return null;
        }
    }

    private async Task<List<(long Sequence, RecordedEvent Event)>> ReadRecordedAsync(string user, long after)
    {
        var all = new List<(long Sequence, RecordedEvent Event)>();
        while (true)
        {
            var page = await log.ReadEventsAsync(user, after, RecordsAtOnce);
            all.AddRange(page.Select(record => (record.Sequence, PredictionBody.Decode(record.Body).Event!)));
            if (page.Count < RecordsAtOnce) return all;
            after = page[^1].Sequence;
        }
    }

    private async Task<EventWindow> ReadHistoryAsync(WindowView view, GrainId user, DateTimeOffset until)
    {
        if (view.Options.History is null) return new EventWindow(view);
        var since = until.UtcTicks > view.Horizon ? until.AddTicks(-view.Horizon) : DateTimeOffset.MinValue;
        var events = await history.ReadAsync(view, UserKey.ToUserId(user.Key.ToString()!), since, until);
        var window = new EventWindow(view, Math.Min(events.Count, view.Options.MaxEvents));
        foreach (var one in events.Where(one => one.Ticks < until.UtcTicks).OrderBy(one => one.Ticks)) Place(window, one);
        return window;
    }

    private static void Place(EventWindow window, in WindowEvent one)
    {
        window.Add(one, long.MaxValue);
        window.Commit(one);
    }

    // By name: the view may have gained or lost a field since.
    private static WindowEvent ToEvent(WindowView view, RecordedEvent recorded)
    {
        var values = new double[view.Fields.Count];
        Array.Fill(values, double.NaN);
        foreach (var (field, value) in recorded.Fields)
        {
            for (var i = 0; i < values.Length; i++)
            {
                if (view.Fields[i] == field) values[i] = value;
            }
        }

        return new WindowEvent(recorded.Ticks, values);
    }

    [LoggerMessage(EventIds.SnapshotUnreadable, LogLevel.Warning, "A snapshot's events of view {ViewName} cannot be read; the log and the history are read instead")]
    private partial void LogUnreadable(Exception cause, string viewName);
}
