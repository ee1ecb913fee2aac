using Microsoft.Extensions.Options;

namespace OrleansInference.Grains.PostProcessing.Replay;

/// <summary>Knows which replays run, so that no more do than may, and lets them go on after a restart.</summary>
/// <remarks>A replay is on the list before it begins, so that none runs unknown; whether one still runs, it is asked itself.</remarks>
[GrainType("replay-roster")]
internal sealed class ReplayRosterGrain(StoredStates states, IGrainFactory grains, IOptions<ReplayOptions> options) : Grain, IReplayRosterGrain
{
    // A guess: nobody knows how long one takes.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(30);

    private StoredState<ReplayRoster> Stored => field ??= states.Of<ReplayRoster>(this, "replay-roster", "The list of replays");

    private ReplayRoster Roster => Stored.State;

    public override Task OnActivateAsync(CancellationToken cancellationToken) => Stored.ReadAsync();

    public async Task<ReplayReport> StartAsync(ReplayQuery query)
    {
        await ResumeAsync();
        var (before, most) = (Roster, options.Value.MaxRunning);
        if (before.Running.Count >= most)
            throw new InferenceException(InferenceErrorCode.QueueFull, $"As many replays run as may (Inference:Replay:MaxRunning = {most}): {string.Join(", ", before.Running)}. Wait for one, or cancel it.", RetryAfter);

        var id = Guid.CreateVersion7();
        await StoreAsync(before with { Running = [.. before.Running, id] });
        try
        {
            return await Replay(id).BeginAsync(query);
        }
        catch (InferenceException e) when (e.Code is not InferenceErrorCode.StorageUnavailable)
        {
            // It did not begin, so nobody can ask for it.
            await StoreAsync(before);
            throw;
        }
    }

    public async Task ResumeAsync()
    {
        var (running, ended) = (new List<Guid>(), new List<Guid>(Roster.Ended));
        foreach (var id in Roster.Running) (await Replay(id).ResumeAsync() ? running : ended).Add(id);
        var surplus = Math.Max(0, ended.Count - options.Value.Keep);
        foreach (var id in ended.Take(surplus)) await Replay(id).ForgetAsync();
        if (running.Count < Roster.Running.Count || surplus > 0) await StoreAsync(new ReplayRoster { Running = running, Ended = [.. ended.Skip(surplus)] });
    }

    private async Task StoreAsync(ReplayRoster next)
    {
        var before = Roster;
        Stored.State = next;
        try
        {
            await Stored.WriteAsync();
        }
        catch
        {
            // It may be there all the same: the next activation looks.
            Stored.State = before;
            DeactivateOnIdle();
            throw;
        }
    }

    private IReplayRunGrain Replay(Guid id) => grains.GetGrain<IReplayRunGrain>(id);
}

/// <summary>The replays there are.</summary>
[GenerateSerializer, Immutable, Alias("inference.replay-roster-state")]
internal sealed record ReplayRoster
{
    /// <summary>Those that had not ended when they were asked last.</summary>
    [Id(0)]
    public IReadOnlyList<Guid> Running { get; init; } = [];

    /// <summary>Those that had, the earliest first.</summary>
    [Id(1)]
    public IReadOnlyList<Guid> Ended { get; init; } = [];
}
