namespace OrleansInference;

/// <summary>Hands each call to the replay's grain.</summary>
internal sealed class ReplayClient(IGrainFactory grains) : IReplayClient
{
    public Task<ReplayReport> StartAsync(ReplayQuery query) => grains.GetGrain<IReplayRosterGrain>(IReplayRosterGrain.Key).StartAsync(query);

    public Task<ReplayReport> GetAsync(Guid replayId) => Replay(replayId).GetAsync();

    public Task<ReplayReport> CancelAsync(Guid replayId) => Replay(replayId).CancelAsync();

    private IReplayGrain Replay(Guid id) => grains.GetGrain<IReplayGrain>(id);
}
