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

    private string? _etag;
    private int _unkept;
    private IDisposable? _timer;
    private Task _saving = Task.CompletedTask;
    private long? _failedAt;

    /// <summary>Whether it is time for a snapshot.</summary>
    public bool IsDue => _unkept >= EventsBetween && _saving.IsCompleted && !IsPausing();

    public void OnLoaded(LoadedWindows loaded)
    {
        _etag = loaded.ETag;
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
            _etag = await store.WriteAsync(user, take(), _etag);
            _unkept = Math.Max(0, _unkept - kept);
            _failedAt = null;
        }
        catch (Exception e)
        {
            instruments.OnSnapshotFailed("write");
            LogNotWritten(e);
            _failedAt = time.GetTimestamp();
            if (e is InconsistentStateException) await ReadETagAsync();
        }

        if (_unkept > 0) StartTimer();
    }

    // Somebody else wrote: an activation before this one, after this one had read.
    private async Task ReadETagAsync()
    {
        try
        {
            _etag = (await store.ReadAsync(user)).ETag;
        }
        catch (InferenceException e)
        {
            LogNotWritten(e);
        }
    }

    private bool IsPausing() => _failedAt is { } failed && time.GetElapsedTime(failed) < PauseAfterFailure;

    private void StartTimer() => _timer ??= timer(_ => SaveAsync(), LongestUnkept);

    private void StopTimer()
    {
        _timer?.Dispose();
        _timer = null;
    }

    [LoggerMessage(EventIds.SnapshotNotWritten, LogLevel.Warning, "A user's snapshot was not written; the log has what it lacks, and it is tried again")]
    private partial void LogNotWritten(Exception cause);
}

/// <summary>Calls back once on the grain's turns, unless it is disposed before.</summary>
internal delegate IDisposable SnapshotTimer(Func<CancellationToken, Task> callback, TimeSpan due);
