using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models.Loading;

namespace OrleansInference.Silo.WarmUp;

/// <summary>Has the whole path of a prediction compiled before callers come: the program asks itself for a while.</summary>
/// <remarks>
/// .NET compiles a method well only after it has been called often, and then a second time by what it has seen: the first seconds of
/// load ran at half of the speed (docs/benchmarks.md, H). It goes on beside the loading of the models.
/// Promises: over after <see cref="WarmUpOptions.Duration"/>, or at once when the program stops; never fails the start.
/// </remarks>
internal sealed partial class PathWarmUp(
    WarmUpModel model, IWarmUpCaller caller, WarmUpOptions options, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<PathWarmUp> logger)
    : IHostedLifecycleService, IPathWarmUp, IDisposable
{
    // Enough that requests are joined to batches, as under load.
    private const int Callers = 16;

    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Completion => _over.Task;

    /// <summary>Completes when nothing is left of it in memory either.</summary>
    public Task Gone { get; private set; } = Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (options.Duration == TimeSpan.Zero) _over.TrySetResult();
        else Gone = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await Gone.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _stopping.Dispose();

    private async Task RunAsync()
    {
        // No user of anybody's has such an id.
        string[] users = [.. Enumerable.Range(0, Callers).Select(_ => $"{WarmUpModel.Name}-{Guid.NewGuid():N}")];
        using var enough = new CancellationTokenSource(options.Duration, time);

        // Ctrl-C is told by the lifetime alone: the host does not begin to stop before the program has waited for this.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(enough.Token, _stopping.Token, lifetime.ApplicationStopping);
        Task[] calls = [];
        try
        {
            await model.EnterAsync();
            calls = [.. users.Select(user => Task.Run(() => caller.CallAsync(WarmUpModel.BodyFor(user), ending.Token), CancellationToken.None))];

            // Until the time is up or the first of them fails.
            await await Task.WhenAny(calls).WaitAsync(ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // As meant.
        }
        catch (Exception e)
        {
            LogFailed(e);
        }

        _over.TrySetResult();
        await ending.CancelAsync();
        await LeaveAsync(users, calls);
    }

    // Behind the start's back: a last answer may be on its way.
    private async Task LeaveAsync(string[] users, Task[] calls)
    {
        await Task.WhenAll(calls).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            await model.LeaveAsync(calls.Length > 0 ? users : []);
        }
        catch (Exception e)
        {
            // Users without a request leave memory by themselves, later.
            LogNotLeft(e);
        }
    }

    [LoggerMessage(EventIds.PathNotWarm, LogLevel.Warning, "The path of a prediction could not be warmed up, so the first callers do it; the program is as ready as without. Inference:WarmUp:Duration=00:00:00 does not try")]
    private partial void LogFailed(Exception cause);

    [LoggerMessage(EventIds.WarmUpNotLeft, LogLevel.Debug, "What warmed up the path of a prediction leaves memory later")]
    private partial void LogNotLeft(Exception cause);
}
