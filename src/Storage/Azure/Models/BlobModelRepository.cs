using Azure;
using Azure.Identity;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansInference.Grains;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models.Repository;

namespace OrleansInference.Storage.Azure.Models;

/// <summary>Models in a blob container: copied into a folder, and read from there as any folder is.</summary>
/// <remarks>
/// Promises: a look at the repository is a look at the container; while that cannot be read, the copies serve, and it is said
/// once. Threads: any. _lock guards the fields below it and is held while the container is read, which only looks and loads wait for.
/// </remarks>
internal sealed partial class BlobModelRepository(
    FileModelRepository files, IOptions<BlobRepositoryOptions> options, TimeProvider time, ILogger<BlobModelRepository> logger) : IModelRepository
{
    private readonly Lock _lock = new();
    private readonly BlobContainerClient _container = AzureClients.CreateBlobs(options.Value).GetBlobContainerClient(options.Value.Container);
    private readonly HashSet<(string Subject, string Reason)> _told = [];
    private ContainerMirror? _mirror;
    private bool _isStale;
    private bool _isFirst = true;

    private string Where => $"{_container.Uri.GetLeftPart(UriPartial.Path)} ({BlobRepositoryOptions.Section}:Container)";

    public IReadOnlyList<string> List()
    {
        lock (_lock)
        {
            SynchronizeNeedsLock();
            var names = files.List();
            if (_isFirst && names.Count == 0) throw new InferenceStartupException($"The container {Where} holds no model under '{options.Value.NamePrefix}'. Upload one as {options.Value.NamePrefix}<model>/<version>/model.onnx.");
            _isFirst = false;
            return names;
        }
    }

    public void Refresh()
    {
        lock (_lock) SynchronizeNeedsLock();
    }

    public StoredModel? Read(string name) => files.Read(name);

    public string? Fingerprint(string name) => files.Fingerprint(name);

    private void SynchronizeNeedsLock()
    {
        var mirror = _mirror ??= OpenNeedsLock();
        try
        {
            TellNeedsLock(mirror.Synchronize());
            if (_isStale) LogFresh(Where);
            _isStale = false;
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException or OperationCanceledException or AuthenticationFailedException)
        {
            if (!mirror.HasFiles)
            {
                throw new InferenceStartupException(
                    $"The container {Where} cannot be read, and there are no copies in {options.Value.CacheDirectory}: {AzureFaults.Describe(e)}. "
                    + $"Have the storage account answer and allow it, or correct {BlobRepositoryOptions.Section}.");
            }

            if (!_isStale) LogStale(Where, options.Value.CacheDirectory, AzureFaults.Describe(e));
            _isStale = true;
        }
    }

    private ContainerMirror OpenNeedsLock()
    {
        var mirror = ContainerMirror.Open(_container, options.Value.NamePrefix, options.Value.CacheDirectory, time, out var isDiscarded);
        if (isDiscarded) LogDiscarded(options.Value.CacheDirectory, Where);
        return mirror;
    }

    // Once each: the next look finds the same.
    private void TellNeedsLock(MirrorReport report)
    {
        foreach (var (name, reason) in report.Refused.Where(_told.Add)) LogRefused(name, reason);
        foreach (var (model, reason) in report.Failed.Where(_told.Add)) LogNotCopied(model, reason);
        _told.IntersectWith([.. report.Refused, .. report.Failed]);
    }

    [LoggerMessage(EventIds.RepositoryMirrorStale, LogLevel.Warning, "The container {Container} cannot be read; models are served from the copies in {CacheDirectory}: {Reason}")]
    private partial void LogStale(string container, string cacheDirectory, string reason);

    [LoggerMessage(EventIds.RepositoryMirrorFresh, LogLevel.Information, "The container {Container} can be read again")]
    private partial void LogFresh(string container);

    [LoggerMessage(EventIds.RepositoryMirrorDiscarded, LogLevel.Warning, "The copies in {CacheDirectory} are of another container or prefix than {Container}; they are removed")]
    private partial void LogDiscarded(string cacheDirectory, string container);

    [LoggerMessage(EventIds.RepositoryBlobRefused, LogLevel.Warning, "The blob '{Blob}' is not copied: {Reason}. Name it <model>/<version>/model.onnx, <model>/model.json or the like")]
    private partial void LogRefused(string blob, string reason);

    [LoggerMessage(EventIds.RepositoryModelNotMirrored, LogLevel.Warning, "Model {ModelName} could not be copied and stays as it was; it is tried again when its blobs change, or after half a minute: {Reason}")]
    private partial void LogNotCopied(string modelName, string reason);
}
