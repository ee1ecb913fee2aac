using IntegrationTests.Infrastructure;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using OrleansInference;
using OrleansInference.Grains.Users;

namespace IntegrationTests.Storage.Azure;

/// <summary>Tables promise what Orleans asks of grain storage.</summary>
public sealed class AzureTableGrainStateTests(AzuriteTestServer azurite) : GrainStateConformanceTests(azurite, "AzureTable");

/// <summary>Blobs promise what Orleans asks of grain storage.</summary>
public sealed class AzureBlobGrainStateTests(AzuriteTestServer azurite) : GrainStateConformanceTests(azurite, "AzureBlob");

/// <summary>The cases of Orleans' own kit for storage providers, by its names, with the provider as this program configures it.</summary>
public abstract class GrainStateConformanceTests(AzuriteTestServer azurite, string provider) : IAsyncLifetime
{
    private readonly GrainId _grain = GrainStateStore.NewGrain();
    private GrainStateStore _store = null!;

    public async ValueTask InitializeAsync() => _store = await GrainStateStore.StartAsync((await azurite.FindPlaceAsync()).GrainState(provider));

    public async ValueTask DisposeAsync()
    {
        if (_store is not null) await _store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public Task WriteReadIdCyrillic_UserInCyrillic_IsFoundAgain() => AssertWrittenIsReadAsync(GrainId.Create("user", UserKey.FromUserId("пользователь-Ж")));

    [Theory]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("a#b?c%d!e")]
    [InlineData("a b+c&d=e'f\"g")]
    [InlineData("tab\tnewline\n")]
    [InlineData("..")]
    [InlineData("日本語🙂")]
    public async Task WriteRead_AnyUserId_IsARecordOfItsOwn(string user)
    {
        await AssertWrittenIsReadAsync(GrainId.Create("user", UserKey.FromUserId(user)));
        Assert.False((await _store.ReadAsync(GrainId.Create("user", UserKey.FromUserId($"{user}_")))).RecordExists);
    }

    [Fact]
    public async Task WriteRead_LongestUserIds_AreRecordsOfTheirOwn()
    {
        await AssertWrittenIsReadAsync(GrainId.Create("user", UserKey.FromUserId(new string('%', 128))));
        await AssertWrittenIsReadAsync(GrainId.Create("user", UserKey.FromUserId(new string('日', 128))));
    }

    [Fact]
    public async Task WriteDuplicateFailsWithInconsistentStateException_SecondInsert_IsRefused()
    {
        await _store.WriteNewAsync(_grain, 1);

        await Assert.ThrowsAnyAsync<InconsistentStateException>(() => _store.WriteNewAsync(_grain, 2));
        Assert.Equal(1, (await _store.ReadAsync(_grain)).State!.Sequence);
    }

    [Fact]
    public async Task WriteInconsistentFailsWithInconsistentStateException_StaleETag_IsRefused()
    {
        var stale = await StaleAsync();

        await Assert.ThrowsAnyAsync<InconsistentStateException>(() => _store.WriteAsync(_grain, stale, 3));
        Assert.Equal(2, (await _store.ReadAsync(_grain)).State!.Sequence);
    }

    [Fact]
    public async Task WriteReadWriteReadStatesInParallel_ManyGrains_KeepTheirOwn()
    {
        await Task.WhenAll(Enumerable.Range(0, 100).Select(async grain =>
        {
            var (id, state) = (GrainId.Create("user", $"-!{grain}"), new GrainState<UserSnapshot>());
            for (var round = 1; round <= 10; round++)
            {
                await _store.WriteAsync(id, state, grain * 100 + round);
                Assert.Equal(grain * 100 + round, (await _store.ReadAsync(id)).State!.Sequence);
            }
        }));
    }

    [Fact]
    public async Task ReadNonExistentState_NothingStored_SaysSo()
    {
        var state = await _store.ReadAsync(_grain);

        Assert.Equal((false, null), (state.RecordExists, state.ETag));
    }

    [Fact]
    public async Task ReadNonExistentStateHasNonNullState_NothingStored_IsANewState() => Assert.Equal(0, (await _store.ReadAsync(_grain)).State!.Sequence);

    [Fact]
    public async Task WriteClearWrite_SecondWrite_IsAnInsert()
    {
        var state = await _store.WriteNewAsync(_grain, 1);
        await _store.ClearAsync(_grain, state);
        await _store.WriteAsync(_grain, state, 2);

        Assert.Equal(2, (await _store.ReadAsync(_grain)).State!.Sequence);
    }

    [Fact]
    public async Task WriteClearRead_Read_FindsNothing()
    {
        var state = await _store.WriteNewAsync(_grain, 1);
        await _store.ClearAsync(_grain, state);

        Assert.Equal((false, 0L), ((await _store.ReadAsync(_grain)).RecordExists, (await _store.ReadAsync(_grain)).State!.Sequence));
    }

    [Fact]
    public async Task WriteReadClearReadCycle_ThreeTimes_IsTheSameEachTime()
    {
        for (var round = 1; round <= 3; round++)
        {
            await _store.WriteNewAsync(_grain, round);
            var read = await _store.ReadAsync(_grain);
            Assert.Equal((true, (long)round), (read.RecordExists, read.State!.Sequence));
            await _store.ClearAsync(_grain, read);
            Assert.False((await _store.ReadAsync(_grain)).RecordExists);
        }
    }

    [Fact]
    public Task WriteRead_StringKey_IsFoundAgain() => AssertWrittenIsReadAsync(GrainId.Create("plain", "user/a?b"));

    [Fact]
    public Task WriteRead_IntegerKey_IsFoundAgain() => AssertWrittenIsReadAsync(GrainId.Create(GrainType.Create("intkey"), GrainIdKeyExtensions.CreateIntegerKey(255)));

    [Fact]
    public async Task ETagChangesOnWrite_SecondWrite_HasAnotherETag()
    {
        var state = await _store.WriteNewAsync(_grain, 1);
        var first = state.ETag;
        await _store.WriteAsync(_grain, state, 2);

        Assert.NotNull(first);
        Assert.NotEqual(first, state.ETag);
    }

    [Fact]
    public async Task WriteWithSameValuesUpdatesETag_SameState_HasAnotherETag()
    {
        var state = await _store.WriteNewAsync(_grain, 1);
        var first = state.ETag;
        await _store.WriteAsync(_grain, state, 1);

        Assert.NotEqual(first, state.ETag);
    }

    [Fact]
    public async Task ClearBeforeWrite_NothingStored_DoesNothing()
    {
        var state = await _store.ReadAsync(_grain);
        await _store.ClearAsync(_grain, state);

        Assert.False(state.RecordExists);
        await _store.WriteAsync(_grain, state, 1);
    }

    [Fact]
    public async Task ClearStateDoesNotNullifyState_Cleared_IsANewState()
    {
        var state = await _store.WriteNewAsync(_grain, 1);
        await _store.ClearAsync(_grain, state);

        Assert.Equal(0, state.State!.Sequence);
    }

    [Fact]
    public async Task ClearUpdatesETag_Cleared_HasNone()
    {
        var state = await _store.WriteNewAsync(_grain, 1);
        await _store.ClearAsync(_grain, state);

        Assert.Equal((null, false), (state.ETag, state.RecordExists));
    }

    [Fact]
    public async Task ReadAfterClear_SameState_IsAsIfNeverWritten()
    {
        var state = await _store.WriteNewAsync(_grain, 1);
        await _store.ClearAsync(_grain, state);
        await _store.Storage.ReadStateAsync(GrainStateStore.StateName, _grain, state);

        Assert.Equal((false, null, 0L), (state.RecordExists, state.ETag, state.State!.Sequence));
    }

    [Fact]
    public async Task MultipleClearOperations_ClearedTwice_DoesNothingMore()
    {
        var state = await _store.WriteNewAsync(_grain, 1);
        await _store.ClearAsync(_grain, state);
        await _store.ClearAsync(_grain, state);

        Assert.False((await _store.ReadAsync(_grain)).RecordExists);
    }

    [Fact]
    public async Task StateNamesUseIndependentRecords_TwoNames_AreTwoStates()
    {
        await _store.WriteNewAsync(_grain, 1, name: "one");
        await _store.WriteNewAsync(_grain, 2, name: "two");

        Assert.Equal((1, 2), ((await _store.ReadAsync(_grain, "one")).State!.Sequence, (await _store.ReadAsync(_grain, "two")).State!.Sequence));
    }

    [Fact]
    public async Task ClearInconsistentFailsWithInconsistentStateException_StaleETag_IsRefused()
    {
        var stale = await StaleAsync();

        await Assert.ThrowsAnyAsync<InconsistentStateException>(() => _store.ClearAsync(_grain, stale));
        Assert.True((await _store.ReadAsync(_grain)).RecordExists);
    }

    private async Task AssertWrittenIsReadAsync(GrainId grain)
    {
        var written = await _store.WriteNewAsync(grain, 1, bytes: 1_000);
        var read = await _store.ReadAsync(grain);

        Assert.Equal((true, 1L, written.ETag), (read.RecordExists, read.State!.Sequence, read.ETag));
        Assert.Equal(written.State!.Windows["spending"], read.State.Windows["spending"]);
    }

    // What an activation has that was overtaken by another.
    private async Task<GrainState<UserSnapshot>> StaleAsync()
    {
        var state = await _store.WriteNewAsync(_grain, 1);
        var other = await _store.ReadAsync(_grain);
        await _store.WriteAsync(_grain, other, 2);
        return state;
    }
}
