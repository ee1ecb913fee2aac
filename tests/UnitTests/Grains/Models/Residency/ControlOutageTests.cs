using OrleansInference;
using OrleansInference.Grains.Models.Control;
using UnitTests.Fakes;

namespace UnitTests.Grains.Models.Residency;

/// <summary>What was agreed on cannot be read: models go on as this silo knows them, and only what it knows nothing of waits.</summary>
public sealed class ControlOutageTests : IDisposable
{
    private readonly SiloModels _silo = new(limit: 1, defaultModel: null);

    public void Dispose() => _silo.Dispose();

    [Fact]
    public async Task Load_AgreedOnBefore_ServesAsItWas()
    {
        _silo.Repository.Put("known", [1]);
        _silo.Repository.Put("other", [1]);
        await _silo.StartAsync();
        await _silo.InferAsync("known");
        await _silo.InferAsync("other");
        Break();

        Assert.Equal(1, (await _silo.InferAsync("known")).Version);
    }

    [Fact]
    public async Task Load_NeverRead_IsUnavailableAndLoadsLater()
    {
        _silo.Repository.Put("unknown", [1]);
        await _silo.StartAsync();
        Break();
        var fault = await _silo.InferFailsAsync("unknown");
        _silo.OnControlRead = () => { };

        Assert.Equal(InferenceErrorCode.StorageUnavailable, fault.Code);
        Assert.Equal(1, (await _silo.InferAsync("unknown")).Version);
    }

    [Fact]
    public async Task Load_UnloadedAsFarAsKnown_StaysUnloaded()
    {
        _silo.Repository.Put("m", [1]);
        _silo.Repository.Put("other", [1]);
        await _silo.StartAsync();
        await _silo.Updater.ApplyAsync(_silo.Entries.Find("m")!, new ModelControlState { Epoch = 1, Unloaded = true }, read: false);
        Break();

        Assert.Equal(InferenceErrorCode.NotReady, (await _silo.InferFailsAsync("m")).Code);
    }

    [Fact]
    public async Task Follow_CannotBeReadOnceJoined_ServesAsReadBeforeAndFollowsLater()
    {
        using var silo = new SiloModels();
        silo.Repository.Put("m", [1]);
        await silo.Startup.LoadBeforeJoiningAsync();
        var read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        silo.OnControlRead = () =>
        {
            read.TrySetResult();
            throw new InferenceException(InferenceErrorCode.StorageUnavailable, "on purpose");
        };
        await silo.Startup.StartedAsync(CancellationToken.None);
        await read.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(1, (await silo.InferAsync("m")).Version);

        silo.Controls["m"] = new ModelControlState { Epoch = 1, Unloaded = true };
        silo.OnControlRead = () => { };
        while (!silo.Startup.Completion.IsCompleted)
        {
            silo.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await silo.Startup.Completion;
        Assert.Equal(InferenceErrorCode.NotReady, (await silo.InferFailsAsync("m")).Code);
    }

    private void Break() => _silo.OnControlRead = () => throw new InferenceException(InferenceErrorCode.StorageUnavailable, "on purpose");
}
