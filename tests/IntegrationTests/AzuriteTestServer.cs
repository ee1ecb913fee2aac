using System.Globalization;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using IntegrationTests;
using IntegrationTests.Infrastructure;

[assembly: AssemblyFixture(typeof(AzuriteTestServer))]

namespace IntegrationTests;

/// <summary>One Azurite for all tests that do not stop it, started when the first one asks; a table and a container for each.</summary>
public sealed class AzuriteTestServer : IAsyncDisposable
{
    private static int _places;

    private readonly Lazy<Task<AzuriteServer>> _server = new(() => AzuriteServer.StartNewAsync());

    /// <summary>A table and a container of the test's own, which nobody has made yet.</summary>
    internal async Task<AzurePlace> FindPlaceAsync() => new(await _server.Value, string.Create(CultureInfo.InvariantCulture, $"test{Interlocked.Increment(ref _places)}"));

    public async ValueTask DisposeAsync()
    {
        if (_server.IsValueCreated) await (await _server.Value).DisposeAsync();
    }
}

/// <summary>A table and a container of one name.</summary>
internal sealed record AzurePlace(AzuriteServer Server, string Name)
{
    /// <summary>The same with the plain libraries.</summary>
    public TableClient Table => Server.Tables.GetTableClient(Name);

    public BlobContainerClient Container => Server.Blobs.GetBlobContainerClient(Name);

    /// <summary>The settings that put grain state here, with patience: an insert that is tried again may meet itself.</summary>
    public string[] GrainState(string provider) => [
        $"Inference:GrainState:Provider={provider}",
        $"Inference:GrainState:ConnectionString={Server.ConnectionString}",
        $"Inference:GrainState:TableName={Name}",
        $"Inference:GrainState:ContainerName={Name}",
        "Inference:GrainState:AttemptTimeout=00:01:00",
        "Inference:GrainState:StartTimeout=00:01:00",
    ];
}
