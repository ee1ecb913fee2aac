using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models.Residency;

namespace OrleansInference.Grains.Models.Repository;

/// <summary>Looks at the repository again and again, and has what changed served.</summary>
/// <remarks>
/// A change is acted on when two looks have seen the same: a folder that is being copied is not read half-way. What cannot be
/// loaded is tried again when it changes. A repository that is suddenly empty changes nothing: the last models go when they are unloaded.
/// </remarks>
internal sealed partial class ModelRepositoryWatcher(
    ModelEntries entries,
    ModelUpdater updater,
    ModelPlaces places,
    ModelStartup startup,
    IModelRepository repository,
    IOptions<ModelRepositoryOptions> options,
    TimeProvider time,
    ILogger<ModelRepositoryWatcher> logger) : BackgroundService
{
    private string? _lastFault;

    /// <summary>One look; completes when what it found is served or has failed.</summary>
    internal async Task LookAsync()
    {
        if (TryList() is not { } names) return;
        var known = names.ToHashSet();
        foreach (var entry in entries.All.Where(entry => !known.Contains(entry.Name))) await TryAsync(updater.RemoveAsync(entry));
        foreach (var name in names) await LookAsync(entries.Find(name) ?? await AddAsync(name));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.PollInterval == TimeSpan.Zero) return;
        try
        {
            await startup.Completion.WaitAsync(stoppingToken);
        }
        catch (Exception)
        {
            // The start has failed, as whoever waits for it is told, or the program stops: there is nothing to watch for.
            return;
        }

        using var timer = new PeriodicTimer(options.Value.PollInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken)) await TryAsync(Task.Run(LookAsync, CancellationToken.None));
    }

    private async Task<ModelEntry> AddAsync(string name)
    {
        var entry = entries.GetOrAdd(name);

        // Ensembles may have waited for it; without a limit they follow when it is loaded.
        if (places.IsLimited) await TryAsync(updater.ForgiveAsync(entry));
        return entry;
    }

    private async Task LookAsync(ModelEntry entry)
    {
        // What is not in memory is read when somebody asks for it.
        if (entry.Control.Unloaded || places.IsLimited && entry is { Current: null, Fault: null }) return;
        var fingerprint = repository.Fingerprint(entry.Name);
        var settled = fingerprint == entry.SeenFingerprint;
        entry.SeenFingerprint = fingerprint;
        if (fingerprint is null || fingerprint == entry.TriedFingerprint || !settled) return;
        if (entry.Current is not null) await TryAsync(updater.ReloadAsync(entry));
        else if (!places.IsLimited) await TryAsync(updater.LoadAndFollowAsync(entry));
        else await TryAsync(updater.ForgiveAsync(entry));
    }

    private IReadOnlyList<string>? TryList()
    {
        try
        {
            var names = repository.List();
            if (names.Count == 0 && entries.All.Any(entry => !entry.Control.Unloaded)) return ServeOn(HasNoModel);
            _lastFault = null;
            return names;
        }
        catch (Exception e) when (e is InferenceStartupException or IOException or UnauthorizedAccessException)
        {
            return ServeOn(e.Message);
        }
    }

    // A share that is away for a moment must not take the models with it, and where it was mounted an empty folder is left.
    private IReadOnlyList<string>? ServeOn(string fault)
    {
        if (_lastFault != fault) LogUnreadable(fault);
        _lastFault = fault;
        return null;
    }

    private string HasNoModel =>
        $"{options.Value.Path} holds no model any more, as where a share is not mounted. Bring the models back, or unload those that are to go: POST /v2/repository/models/{{model}}/unload.";

    private async Task TryAsync(Task change)
    {
        try
        {
            await change;
        }
        catch (InferenceStartupException)
        {
            // Told, and remembered in the index, where it was found.
        }
        catch (Exception e)
        {
            LogLookFailed(e);
        }
    }

    [LoggerMessage(EventIds.RepositoryUnreadable, LogLevel.Warning, "The model repository cannot be read; what is loaded serves on: {Reason}")]
    private partial void LogUnreadable(string reason);

    [LoggerMessage(EventIds.RepositoryLookFailed, LogLevel.Error, "A change in the model repository could not be served; the next look tries again")]
    private partial void LogLookFailed(Exception cause);
}
