using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace UnitTests.Fakes;

/// <summary>Grain state in memory, with etags that count the writes.</summary>
internal sealed class FakeGrainStorage : IGrainStorage
{
    private readonly Dictionary<(string, GrainId), (object State, string ETag)> _states = [];

    public int Writes { get; private set; }

    public bool IsEmpty => _states.Count == 0;

    /// <summary>Throws where the test wants a call to fail.</summary>
    public Action OnCall { get; set; } = () => { };

    /// <summary>The same for writes alone.</summary>
    public Action OnWrite { get; set; } = () => { };

    /// <summary>What a write waits for.</summary>
    public Func<Task> BeforeWrite { get; set; } = () => Task.CompletedTask;

    /// <summary>What a read waits for.</summary>
    public Func<Task> OnRead { get; set; } = () => Task.CompletedTask;

    /// <summary>What an answer that was read already waits for on its way.</summary>
    public Func<Task> AfterRead { get; set; } = () => Task.CompletedTask;

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        OnCall();
        await OnRead();
        grainState.RecordExists = _states.TryGetValue((stateName, grainId), out var stored);
        if (grainState.RecordExists) (grainState.State, grainState.ETag) = ((T)stored.State, stored.ETag);
        await AfterRead();
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        OnCall();
        await BeforeWrite();
        OnWrite();
        var present = _states.TryGetValue((stateName, grainId), out var stored) ? stored.ETag : null;
        if (present != grainState.ETag) throw new InconsistentStateException($"{present} is not {grainState.ETag}");
        grainState.ETag = $"{++Writes}";
        _states[(stateName, grainId)] = (grainState.State!, grainState.ETag);
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        OnCall();
        _states.Remove((stateName, grainId));
        return Task.CompletedTask;
    }
}
