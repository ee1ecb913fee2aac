using Azure;
using Azure.Data.Tables;
using IntegrationTests.Infrastructure;
using Orleans;
using Orleans.Runtime;
using OrleansInference;
using OrleansInference.Grains.Users;

namespace IntegrationTests.Storage.Azure;

/// <summary>Rows and blobs lie where and as they always did: written with the plain libraries the provider reads them, and the other way round.</summary>
/// <remarks>A new version of the provider that stored them elsewhere would forget every user.</remarks>
public sealed class GrainStateLayoutTests(AzuriteTestServer azurite)
{
    private const int Chunk = 64 * 1024;
    private const string RowKey = "user";
    private const string PartitionKey = "svc_user_-!42";
    private const string BlobName = "user-user/-!42.json";

    private static readonly GrainId Grain = GrainId.Create("user", UserKey.FromUserId("42"));

    [Fact]
    public async Task TableWrite_SmallState_IsOneColumn()
    {
        var place = await azurite.FindPlaceAsync();
        await using var store = await GrainStateStore.StartAsync(place.GrainState("AzureTable"));
        await store.WriteNewAsync(Grain, 7);

        var row = await ReadRowAsync(place);

        Assert.Equal(["Data"], Columns(row));
        Assert.Equal(store.Serializer.SerializeToArray(GrainStateStore.Snapshot(7)), row.GetBinary("Data"));
    }

    [Fact]
    public async Task TableWrite_LargeState_IsCutIntoColumnsOf64KiB()
    {
        var place = await azurite.FindPlaceAsync();
        await using var store = await GrainStateStore.StartAsync(place.GrainState("AzureTable"));
        await store.WriteNewAsync(Grain, 7, bytes: 2 * Chunk);

        var row = await ReadRowAsync(place);

        Assert.Equal(["Data", "Data1", "Data2"], Columns(row));
        Assert.Equal([Chunk, Chunk], new[] { row.GetBinary("Data").Length, row.GetBinary("Data1").Length });
        Assert.Equal(store.Serializer.SerializeToArray(GrainStateStore.Snapshot(7, 2 * Chunk)), Columns(row).SelectMany(column => row.GetBinary(column)));
    }

    [Fact]
    public async Task TableRead_RowOfThePlainLibrary_IsTheState()
    {
        var place = await azurite.FindPlaceAsync();
        await using var store = await GrainStateStore.StartAsync(place.GrainState("AzureTable"));
        var bytes = store.Serializer.SerializeToArray(GrainStateStore.Snapshot(7, Chunk));
        await place.Table.AddEntityAsync(new TableEntity(PartitionKey, RowKey) { ["Data"] = bytes[..Chunk], ["Data1"] = bytes[Chunk..] }, TestContext.Current.CancellationToken);

        var state = await store.ReadAsync(Grain);

        Assert.Equal((true, 7L, Chunk), (state.RecordExists, state.State!.Sequence, state.State.Windows["spending"].Length));
        Assert.Equal((await ReadRowAsync(place)).ETag.ToString(), state.ETag);
        await store.WriteAsync(Grain, state, 8);
    }

    [Fact]
    public async Task TableWrite_LargerThanARow_IsRefusedAndKeepsTheOldState()
    {
        var place = await azurite.FindPlaceAsync();
        await using var store = await GrainStateStore.StartAsync(place.GrainState("AzureTable"));
        var state = await store.WriteNewAsync(Grain, 7, bytes: 15 * Chunk - 100);

        await Assert.ThrowsAnyAsync<ArgumentException>(() => store.WriteAsync(Grain, state, 8, bytes: 15 * Chunk));
        Assert.Equal(7, (await store.ReadAsync(Grain)).State!.Sequence);
    }

    [Fact]
    public async Task TableClear_Stored_LeavesNoRow()
    {
        var place = await azurite.FindPlaceAsync();
        await using var store = await GrainStateStore.StartAsync(place.GrainState("AzureTable"));
        await store.ClearAsync(Grain, await store.WriteNewAsync(Grain, 7));

        Assert.False((await place.Table.GetEntityIfExistsAsync<TableEntity>(PartitionKey, RowKey, cancellationToken: TestContext.Current.CancellationToken)).HasValue);
    }

    [Fact]
    public async Task BlobWrite_State_IsTheBlobsContent()
    {
        var place = await azurite.FindPlaceAsync();
        await using var store = await GrainStateStore.StartAsync(place.GrainState("AzureBlob"));
        var state = await store.WriteNewAsync(Grain, 7, bytes: 20 * Chunk);

        var blob = await place.Container.GetBlobClient(BlobName).DownloadContentAsync(TestContext.Current.CancellationToken);

        Assert.Equal(store.Serializer.SerializeToArray(GrainStateStore.Snapshot(7, 20 * Chunk)), blob.Value.Content.ToArray());
        Assert.Equal(blob.Value.Details.ETag.ToString(), state.ETag);
    }

    [Fact]
    public async Task BlobRead_BlobOfThePlainLibrary_IsTheState()
    {
        var place = await azurite.FindPlaceAsync();
        await using var store = await GrainStateStore.StartAsync(place.GrainState("AzureBlob"));
        await place.Container.UploadBlobAsync(BlobName, new BinaryData(store.Serializer.SerializeToArray(GrainStateStore.Snapshot(7))), TestContext.Current.CancellationToken);

        var state = await store.ReadAsync(Grain);

        Assert.Equal((true, 7L), (state.RecordExists, state.State!.Sequence));
        await store.WriteAsync(Grain, state, 8);
    }

    [Fact]
    public async Task BlobClear_Stored_LeavesNoBlob()
    {
        var place = await azurite.FindPlaceAsync();
        await using var store = await GrainStateStore.StartAsync(place.GrainState("AzureBlob"));
        await store.ClearAsync(Grain, await store.WriteNewAsync(Grain, 7));

        Assert.False(await place.Container.GetBlobClient(BlobName).ExistsAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("AzureTable")]
    [InlineData("AzureBlob")]
    public async Task Read_Unreadable_LeavesTheStateAsItWas(string provider)
    {
        var place = await azurite.FindPlaceAsync();
        await using var store = await GrainStateStore.StartAsync(place.GrainState(provider));
        byte[] damaged = [0xFF, 0xFF, 0xFF, 0xFF];
        if (provider == "AzureTable") await place.Table.AddEntityAsync(new TableEntity(PartitionKey, RowKey) { ["Data"] = damaged }, TestContext.Current.CancellationToken);
        else await place.Container.UploadBlobAsync(BlobName, new BinaryData(damaged), TestContext.Current.CancellationToken);
        var state = new GrainState<UserSnapshot>(GrainStateStore.Snapshot(7), "etag");

        await Assert.ThrowsAnyAsync<Exception>(() => store.Storage.ReadStateAsync(GrainStateStore.StateName, Grain, state));

        Assert.Equal((7L, "etag"), (state.State!.Sequence, state.ETag));
    }

    private static async Task<TableEntity> ReadRowAsync(AzurePlace place) => await place.Table.GetEntityAsync<TableEntity>(PartitionKey, RowKey, cancellationToken: TestContext.Current.CancellationToken);

    private static string[] Columns(TableEntity row) => [.. row.Keys.Where(key => key.Contains("Data", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
}
