using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Storage;
using OrleansInference.Grains.Models.Control;
using OrleansInference.Storage.Sql;

namespace UnitTests.Storage;

/// <summary>What a grain stored is what it reads, and two that write at once do not overwrite each other.</summary>
public sealed class SqlGrainStorageTests : IAsyncLifetime
{
    private static readonly GrainId Grain = GrainId.Create("model-control", "fraud");
    private static readonly ModelControlState Written = new() { Epoch = 7, Unloaded = true, CanaryPercent = 12.5, Demotions = [new ModelDemotion(2, DateTimeOffset.UnixEpoch, "slow")] };

    private readonly StorageBuilder _builder = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();
    private SqlGrainStorage _storage = null!;

    public async ValueTask InitializeAsync()
    {
        await _builder.StartAsync();
        _storage = new SqlGrainStorage(_builder.Sql, _services.GetRequiredService<Serializer>(), _builder.Time);
    }

    public async ValueTask DisposeAsync()
    {
        await _builder.DisposeAsync();
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task Read_NothingStored_IsANewState()
    {
        var state = await ReadAsync(Grain);

        Assert.Equal((false, null, 0L), (state.RecordExists, state.ETag, state.State!.Epoch));
    }

    [Fact]
    public async Task Write_ThenRead_IsTheSame()
    {
        await WriteAsync(await ReadAsync(Grain), Written);

        var state = await ReadAsync(Grain);

        Assert.True(state.RecordExists);
        Assert.Equal((7L, true, 12.5), (state.State!.Epoch, state.State!.Unloaded, state.State!.CanaryPercent));
        Assert.Equal(Written.Demotions, state.State!.Demotions);
    }

    [Fact]
    public async Task Write_Again_ReplacesTheState()
    {
        var state = await WriteAsync(await ReadAsync(Grain), Written);
        await WriteAsync(state, new ModelControlState { Epoch = 8 });

        Assert.Equal((8L, state.ETag), ((await ReadAsync(Grain)).State!.Epoch, (await ReadAsync(Grain)).ETag));
    }

    [Fact]
    public async Task Write_OvertakenByAnother_IsRefused()
    {
        var (first, second) = (await ReadAsync(Grain), await ReadAsync(Grain));
        await WriteAsync(first, Written);
        await Assert.ThrowsAsync<InconsistentStateException>(() => WriteAsync(second, new ModelControlState { Epoch = 1 }));

        var third = await ReadAsync(Grain);
        await WriteAsync(first, Written);
        await Assert.ThrowsAsync<InconsistentStateException>(() => WriteAsync(third, new ModelControlState { Epoch = 1 }));
        Assert.Equal(7, (await ReadAsync(Grain)).State!.Epoch);
    }

    [Fact]
    public async Task Write_OtherGrainOrName_IsAnotherState()
    {
        await WriteAsync(await ReadAsync(Grain), Written);

        Assert.False((await ReadAsync(GrainId.Create("model-control", "tutorial"))).RecordExists);
        Assert.False((await ReadAsync(Grain, "other")).RecordExists);
    }

    [Fact]
    public async Task Clear_Stored_IsGoneAndCanBeWrittenAgain()
    {
        var state = await WriteAsync(await ReadAsync(Grain), Written);

        await _storage.ClearStateAsync("state", Grain, state);

        Assert.Equal((false, null, 0L), (state.RecordExists, state.ETag, state.State!.Epoch));
        Assert.False((await ReadAsync(Grain)).RecordExists);
        await WriteAsync(state, Written);
        Assert.True((await ReadAsync(Grain)).RecordExists);
    }

    [Fact]
    public async Task Clear_OvertakenByAnother_IsRefused()
    {
        var state = await WriteAsync(await ReadAsync(Grain), Written);
        var other = await ReadAsync(Grain);
        await WriteAsync(state, Written);

        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.ClearStateAsync("state", Grain, other));
    }

    private async Task<GrainState<ModelControlState>> ReadAsync(GrainId grain, string name = "state")
    {
        var state = new GrainState<ModelControlState>();
        await _storage.ReadStateAsync(name, grain, state);
        return state;
    }

    private async Task<GrainState<ModelControlState>> WriteAsync(GrainState<ModelControlState> state, ModelControlState next)
    {
        state.State = next;
        await _storage.WriteStateAsync("state", Grain, state);
        return state;
    }
}
