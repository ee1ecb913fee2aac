using Microsoft.Extensions.Logging;
using Orleans.Storage;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains.Users;

/// <summary>When a user's snapshot is written: after some events, some time after the first new one, and at the end.</summary>
/// <remarks>
/// Never on the path of a reply, and never a failed prediction: what a snapshot lacks is in the log. Runs on the user grain's
/// turns only.
/// </remarks>
internal sealed partial class SnapshotWriter(UserWindows windows, UserWindowsServices services)
{
    /// <summary>So many records at most are read from the log when the user comes back.</summary>
    public const int EventsBetween = 256;

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(10);

    private string? _etag;
    private bool _isETagKnown;
    private int _unkept;
    private bool _isScheduled;
    private bool _isStopped;
    private bool _isClearing;
    private Task? _saving;
    private long? _failedAt;

    /// <summary>Whether it is time for a snapshot.</summary>
    public bool IsDue => _unkept >= EventsBetween && !IsSaving && !IsPausing();

    private bool IsSaving => _saving is { IsCompleted: false };

    public void OnLoaded(LoadedWindows loaded)
    {
        (_etag, _isETagKnown) = (loaded.Kept?.ETag, loaded.Kept is not null);
        _unkept = loaded.Unkept;
        if (_unkept > 0) Schedule();
    }

    public void OnEvent()
    {
        _unkept++;
        Schedule();
    }

    /// <summary>The schedule's call, which counts among those that write at once.</summary>
    public Task OnTimeAsync()
    {
        _isScheduled = false;
        if (_unkept > 0 && !IsSaving && !_isStopped && !_isClearing) _saving = WriteAsync();
        return DrainAsync();
    }

    /// <summary>Writes what is new; nothing where nothing is, or where others write already as many as may: the schedule calls, and the log has it. Does not fail.</summary>
    public Task SaveAsync()
    {
        if (_unkept > 0 && !IsSaving && !_isClearing && services.Schedule.TryBegin()) _saving = WriteOutOfTurnAsync();
        return DrainAsync();
    }

    /// <summary>Completes when nothing is being written.</summary>
    public Task DrainAsync() => _saving ?? Task.CompletedTask;

    /// <summary>Removes the snapshot; none is written from then until <see cref="Forget"/>, since it would stay.</summary>
    public async Task ClearAsync()
    {
        _isClearing = true;
        await DrainAsync();
        await services.Snapshots.ClearAsync(windows.User.Grain);
    }

    public void Forget() => (_etag, _isETagKnown, _unkept, _isClearing) = (null, false, 0, false);

    /// <summary>The activation ends: nothing is tried again.</summary>
    public void Stop() => _isStopped = true;

    private async Task WriteOutOfTurnAsync()
    {
        try
        {
            await WriteAsync();
        }
        finally
        {
            services.Schedule.End();
        }
    }

    private async Task WriteAsync()
    {
        var (kept, user) = (_unkept, windows.User.Grain);
        try
        {
            // Not known where the user came back while storage did not answer, or where somebody else wrote: an activation before
            // this one, after this one had read.
            if (!_isETagKnown) _etag = (await services.Snapshots.ReadAsync(user)).ETag;
            _etag = await services.Snapshots.WriteAsync(user, windows.TakeSnapshot(), _etag);
            _isETagKnown = true;
            _unkept = Math.Max(0, _unkept - kept);
            _failedAt = null;
        }
        catch (Exception e)
        {
            services.Instruments.OnSnapshotFailed("write");
            _failedAt = services.Time.GetTimestamp();
            _isETagKnown = false;

            // What concerns all users was told where it began.
            if (e is not InferenceException) LogNotWritten(services.Logger, e);
        }

        if (_unkept > 0) Schedule();

        // A task that is over is only memory.
        _saving = null;
    }

    private bool IsPausing() => _failedAt is { } failed && services.Time.GetElapsedTime(failed) < PauseAfterFailure;

    private void Schedule()
    {
        if (_isScheduled || _isStopped) return;
        _isScheduled = true;
        services.Schedule.Add(this);
    }

    [LoggerMessage(EventIds.SnapshotNotWritten, LogLevel.Warning, "A user's snapshot was not written; the log has what it lacks, and it is tried again")]
    private static partial void LogNotWritten(ILogger logger, Exception cause);
}
