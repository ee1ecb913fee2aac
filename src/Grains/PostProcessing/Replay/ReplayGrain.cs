using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Storage;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains.PostProcessing.Replay;

/// <summary>Sends a time range of predictions through a version, page by page, and stores after each how far it is.</summary>
/// <remarks>
/// Promises: each prediction of the range counts once in the report, also when a silo dies in between. The page that was under way
/// then is scored again, and nothing of it had been counted: cursor and counts are one write.
/// Turns: one run at a time, beside the calls; whoever ends it waits for it.
/// </remarks>
[GrainType("replay")]
internal sealed partial class ReplayGrain(
    StoredStates states,
    RangeReplay replay,
    IOptions<ReplayOptions> options,
    TimeProvider time,
    InferenceInstruments instruments,
    ILogger<ReplayGrain> logger) : Grain, IReplayGrain, IReplayRunGrain, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _run = Task.CompletedTask;
    private bool _isCancelled;

    private Guid Id => this.GetPrimaryKey();

    private StoredState<ReplayProgress> Stored => field ??= states.Of<ReplayProgress>(this, "replay", $"Replay {Id}");

    private ReplayProgress Progress => Stored.State;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await Stored.ReadAsync();
        if (Progress.IsRunning) _run = RunAsync();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _run.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    public void Dispose() => _stopping.Dispose();

    public async Task<ReplayReport> BeginAsync(ReplayQuery query)
    {
        Stored.State = await replay.BeginAsync(query, _stopping.Token);
        await WriteFirstAsync();
        LogStarted(Id, Progress.Range!.Model, Progress.Version, Progress.Total);
        _run = RunAsync();
        return Progress.ToReport(Id);
    }

    public Task<ReplayReport> GetAsync()
    {
        ThrowIfUnknown();
        return Task.FromResult(Progress.ToReport(Id));
    }

    public async Task<ReplayReport> CancelAsync()
    {
        ThrowIfUnknown();
        _isCancelled = true;
        await _stopping.CancelAsync();
        await _run;
        return Progress.ToReport(Id);
    }

    // Its activation has done so.
    public Task<bool> ResumeAsync()
    {
        if (!Stored.RecordExists) DeactivateOnIdle();
        return Task.FromResult(Progress.IsRunning);
    }

    public async Task ForgetAsync()
    {
        await Stored.ClearAsync();
        DeactivateOnIdle();
    }

    private void ThrowIfUnknown()
    {
        if (Stored.RecordExists) return;
        DeactivateOnIdle();
        throw new InferenceException(
            InferenceErrorCode.NotFound, $"There is no replay {Id}. It never began, or ended before the last {options.Value.Keep} did (Inference:Replay:Keep).");
    }

    private async Task WriteFirstAsync()
    {
        try
        {
            await Stored.WriteAsync();
        }
        catch
        {
            // It may be there all the same: the next activation looks.
            DeactivateOnIdle();
            throw;
        }
    }

    // Never throws: nobody awaits it but to see it end.
    private async Task RunAsync()
    {
        try
        {
            // Its first page is no part of the call that began it.
            await Task.Yield();

            // No call comes meanwhile, and an idle grain would be put away.
            DelayDeactivation(TimeSpan.MaxValue);
            while (Progress.IsRunning) await NextPageAsync();
            LogEnded(Id, Progress.State, Progress.Done, Progress.Failures);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Where the silo stops, another one goes on from the last page.
            if (_isCancelled) await EndAsync(ReplayState.Cancelled, fault: null);
        }
        catch (Exception e)
        {
            LogFailed(Id, Progress.Done, e);
            await EndAsync(ReplayState.Failed, e is InferenceException ? e.Message : "The service failed in a way it should not. Its log has the details.");
        }
        finally
        {
            DelayDeactivation(TimeSpan.Zero);
        }
    }

    private async Task NextPageAsync()
    {
        var page = await replay.NextAsync(Progress, _stopping.Token);
        Progress.Add(page);
        if (page.Last is null || Progress.Done >= Progress.Total) Progress.End(ReplayState.Completed, time.GetUtcNow());
        if (!await TryWriteAsync(_stopping.Token)) return;
        instruments.OnReplayed(Progress.Range!.Model, "replayed", page.Replayed.Count);
        instruments.OnReplayed(Progress.Range!.Model, "failed", page.Failures.Count);
    }

    private async Task EndAsync(ReplayState state, string? fault)
    {
        try
        {
            do Progress.End(state, time.GetUtcNow(), fault);
            while (!await TryWriteAsync(CancellationToken.None) && Progress.IsRunning);
            LogEnded(Id, Progress.State, Progress.Done, Progress.Failures);
        }
        catch (Exception e)
        {
            // What is stored says that it runs: the next activation takes it up there.
            LogFailed(Id, Progress.Done, e);
            DeactivateOnIdle();
        }
    }

    // False where something else was stored: a write whose answer was lost had been done all the same, or another activation has written.
    // What is stored is read then, and it goes on from there.
    private async Task<bool> TryWriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await replay.WaitForAsync(Stored.WriteAsync, cancellationToken);
            return true;
        }
        catch (InconsistentStateException)
        {
            await replay.WaitForAsync(Stored.ReadAsync, cancellationToken);
            return false;
        }
    }

    [LoggerMessage(EventIds.ReplayStarted, LogLevel.Information, "Replay {ReplayId} sends {Total} predictions of {ModelName} through version {ModelVersion}")]
    private partial void LogStarted(Guid replayId, string modelName, int modelVersion, long total);

    [LoggerMessage(EventIds.ReplayEnded, LogLevel.Information, "Replay {ReplayId} is {State} after {Done} predictions, {Failures} of which could not be scored")]
    private partial void LogEnded(Guid replayId, ReplayState state, long done, long failures);

    [LoggerMessage(EventIds.ReplayFailed, LogLevel.Warning, "Replay {ReplayId} could not go on after {Done} predictions")]
    private partial void LogFailed(Guid replayId, long done, Exception cause);
}
