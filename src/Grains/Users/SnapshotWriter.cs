using Microsoft.Extensions.Logging;
using Orleans.Storage;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains.Users;

/// <summary>When a user's snapshot is written: after some events, some time after the first new one, and at the end.</summary>
/// <remarks>
/// Never on the path of a reply, and never a failed prediction: what a snapshot lacks is in the log. Runs on the user grain's
/// turns only.
/// </remarks>
internal sealed partial class SnapshotWriter(
    GrainId user, UserSnapshots store, Func<UserSnapshot> take, SnapshotTimer timer, TimeProvider time, InferenceInstruments instruments, ILogger logger)
{
    /// <summary>So many records at most are read from the log when the user comes back.</summary>
    public const int EventsBetween = 256;

    private static readonly TimeSpan LongestUnkept = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(10);

    private KeptETag? _etag;
    private int _unkept;
    private IDisposable? _timer;
    private Task _saving = Task.CompletedTask;
    private long? _failedAt;

    /// <summary>Whether it is time for a snapshot.</summary>
    public bool IsDue => _unkept >= EventsBetween && _saving.IsCompleted && !IsPausing();

    public void OnLoaded(LoadedWindows loaded)
    {
        _etag = loaded.Kept is { } kept ? new KeptETag(kept.ETag) : null;
        _unkept = loaded.Unkept;
        if (_unkept > 0) StartTimer();
    }

    public void OnEvent()
    {
        _unkept++;
        StartTimer();
    }

    /// <summary>Writes what is new; nothing where nothing is. Does not fail.</summary>
    public Task SaveAsync()
    {
        if (_unkept > 0 && _saving.IsCompleted) _saving = WriteAsync();
        return _saving;
    }

    /// <summary>Completes when nothing is being written.</summary>
    public Task DrainAsync() => _saving;

    public Task ClearAsync() => store.ClearAsync(user);

    public void Forget()
    {
        (_etag, _unkept) = (null, 0);
        StopTimer();
    }

    private async Task WriteAsync()
    {
        var kept = _unkept;
        StopTimer();
        try
        {
            // Not known where the user came back while storage did not answer, or where somebody else wrote: an activation before
            // this one, after this one had read.
            _etag ??= new KeptETag((await store.ReadAsync(user)).ETag);
            _etag = new KeptETag(await store.WriteAsync(user, take(), _etag.Value));
            _unkept = Math.Max(0, _unkept - kept);
            _failedAt = null;
        }
        catch (Exception e)
        {
            instruments.OnSnapshotFailed("write");
            _failedAt = time.GetTimestamp();
            _etag = null;

            // What concerns all users was told where it began.
            if (e is not InferenceException) LogNotWritten(e);
        }

        if (_unkept > 0) StartTimer();
    }

    private bool IsPausing() => _failedAt is { } failed && time.GetElapsedTime(failed) < PauseAfterFailure;

    private void StartTimer() => _timer ??= timer(_ => SaveAsync(), LongestUnkept);

    private void StopTimer()
    {
        _timer?.Dispose();
        _timer = null;
    }

    /// <summary>The etag that is known, if of no snapshot.</summary>
    private sealed record KeptETag(string? Value);

    [LoggerMessage(EventIds.SnapshotNotWritten, LogLevel.Warning, "A user's snapshot was not written; the log has what it lacks, and it is tried again")]
    private partial void LogNotWritten(Exception cause);
}

/// <summary>Calls back once on the grain's turns, unless it is disposed before.</summary>
internal delegate IDisposable SnapshotTimer(Func<CancellationToken, Task> callback, TimeSpan due);
