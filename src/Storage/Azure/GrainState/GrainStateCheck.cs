using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrleansInference.Grains;

namespace OrleansInference.Storage.Azure.GrainState;

/// <summary>Makes table or container before the silo starts, whose own failure to do so would tell less.</summary>
internal sealed class GrainStateCheck(IOptions<GrainStateOptions> options, TimeProvider time) : IHostedService
{
    private const string Section = GrainStateOptions.Section;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var settings = options.Value;
        var (place, endpoint, create) = settings.Provider is GrainStateProvider.AzureTable ? Table(settings) : Container(settings);
        using var patience = new CancellationTokenSource(settings.StartTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await create(both.Token);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            var account = settings.ServiceUri is null ? "ConnectionString" : "ServiceUri";
            throw new InferenceStartupException(
                $"{place} for grain state cannot be had at {endpoint.GetLeftPart(UriPartial.Path)}: {AzureFaults.Describe(e)}. "
                + $"Have the storage account answer and allow it, correct {Section}:{account}, or set {Section}:Provider to Sqlite.");
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static (string Place, Uri Endpoint, Func<CancellationToken, Task> Create) Table(GrainStateOptions settings)
    {
        var tables = AzureClients.CreateTables(settings);
        return ($"The table {settings.TableName} ({Section}:TableName)", tables.Uri, token => tables.CreateTableIfNotExistsAsync(settings.TableName, token));
    }

    private static (string Place, Uri Endpoint, Func<CancellationToken, Task> Create) Container(GrainStateOptions settings)
    {
        var blobs = AzureClients.CreateBlobs(settings);
        return ($"The container {settings.ContainerName} ({Section}:ContainerName)", blobs.Uri, token => blobs.GetBlobContainerClient(settings.ContainerName).CreateIfNotExistsAsync(cancellationToken: token));
    }
}
