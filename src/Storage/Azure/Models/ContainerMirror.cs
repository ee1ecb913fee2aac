using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using OrleansInference.Grains;

namespace OrleansInference.Storage.Azure.Models;

/// <summary>Keeps a folder equal to what a container holds.</summary>
/// <remarks>
/// Promises: a file appears whole or not at all; a model's files change together, when all of them are here; what fails in one
/// model leaves the others alone; only files that are known by ETag and content are served. Threads: one at a time.
/// </remarks>
internal sealed class ContainerMirror
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(30);

    private readonly BlobContainerClient _container;
    private readonly string _prefix;
    private readonly string _root;
    private readonly string _staging;
    private readonly string _indexFile;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, FailedModel> _failed = [];
    private MirrorIndex _index;

    private ContainerMirror(BlobContainerClient container, string prefix, string directory, MirrorIndex index, TimeProvider time)
    {
        (_container, _prefix, _index, _time) = (container, prefix, index, time);
        (_root, _staging, _indexFile) = (Models(directory), Path.Combine(directory, "staging"), IndexFile(directory));
    }

    /// <summary>Whether there is anything to serve.</summary>
    public bool HasFiles => _index.Files.Count > 0;

    /// <summary>Takes up what an earlier run has copied, as far as it is what the index says.</summary>
    /// <exception cref="InferenceStartupException">The folder holds something else.</exception>
    public static ContainerMirror Open(BlobContainerClient container, string prefix, string directory, TimeProvider time, out bool isDiscarded)
    {
        var (source, kept) = ($"{container.Uri.GetLeftPart(UriPartial.Path)}/{prefix}", MirrorIndex.TryRead(IndexFile(directory)));
        if (kept is null && Directory.Exists(Models(directory)) && Directory.EnumerateFileSystemEntries(Models(directory)).Any())
        {
            throw new InferenceStartupException(
                $"{Models(directory)} holds files that are no copies of blobs, and the copies would take their place. Set {BlobRepositoryOptions.Section}:CacheDirectory to another folder, or remove it.");
        }

        isDiscarded = kept is not null && kept.Source != source;
        var mirror = new ContainerMirror(container, prefix, directory, kept?.Source == source ? kept : new MirrorIndex { Source = source }, time);
        mirror.TidyUp();
        return mirror;
    }

    /// <summary>The folder that the models lie in.</summary>
    public static string Models(string directory) => Path.Combine(directory, "models");

    /// <summary>Copies what is new, and removes what is gone.</summary>
    /// <returns>What was left out: names that are no paths, and models that could not be copied, with the reason.</returns>
    /// <exception cref="RequestFailedException">The container cannot be read; so do <see cref="AggregateException"/> and <see cref="OperationCanceledException"/> tell.</exception>
    public MirrorReport Synchronize(CancellationToken cancellationToken = default)
    {
        var listing = ContainerListing.Read(_container, _prefix, cancellationToken);
        var gone = _index.Files.Keys.Select(BlobPath.ModelOf).Where(model => !listing.Models.ContainsKey(model)).Distinct().ToArray();
        var changed = false;
        try
        {
            foreach (var (model, blobs) in listing.Models) changed |= !IsToWait(model, blobs) && TrySynchronize(model, blobs, cancellationToken);
            foreach (var model in gone) changed |= TrySynchronize(model, [], cancellationToken);
        }
        finally
        {
            foreach (var unused in Directory.EnumerateFiles(_staging)) File.Delete(unused);
            if (changed) _index.Write(_indexFile);
        }

        foreach (var model in _failed.Keys.Where(model => !listing.Models.ContainsKey(model))) _failed.Remove(model);
        return new MirrorReport(listing.Refused, [.. _failed.Select(failed => (failed.Key, failed.Value.Reason))]);
    }

    private static string IndexFile(string directory) => Path.Combine(directory, "index.json");

    // A disk that is full stays so for a while, and models are large.
    private bool IsToWait(string model, Dictionary<string, ListedBlob> blobs) =>
        _failed.GetValueOrDefault(model) is { } failed && failed.Blobs == StateOf(blobs) && _time.GetElapsedTime(failed.At) < PauseAfterFailure;

    private static string StateOf(Dictionary<string, ListedBlob> blobs) =>
        string.Join('\n', blobs.OrderBy(blob => blob.Key, StringComparer.Ordinal).Select(blob => $"{blob.Key} {blob.Value.ETag}"));

    // What a run that was killed left half-done is copied again; what somebody changed too.
    private void TidyUp()
    {
        if (Directory.Exists(_staging)) Directory.Delete(_staging, recursive: true);
        Directory.CreateDirectory(_staging);
        Directory.CreateDirectory(_root);
        _index = new MirrorIndex { Source = _index.Source, Files = _index.Files.Where(file => IsAsCopied(file.Key, file.Value)).ToDictionary() };
        foreach (var file in Directory.EnumerateFiles(_root, "*", SearchOption.AllDirectories).Where(file => !_index.Files.ContainsKey(NameOf(file))).ToArray()) Remove(file);
        _index.Write(_indexFile);
    }

    private bool IsAsCopied(string name, MirroredFile copied) =>
        BlobPath.IsInside(name, out _) && File.Exists(PathOf(name)) && MirroredFile.DigestOf(PathOf(name)) == copied.Digest;

    // Answers whether the index has changed.
    private bool TrySynchronize(string model, Dictionary<string, ListedBlob> blobs, CancellationToken cancellationToken)
    {
        try
        {
            _failed.Remove(model);
            return Synchronize(model, blobs, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or RequestFailedException { Status: > 0 })
        {
            if (blobs.Count > 0) _failed.Add(model, new FailedModel(AzureFaults.Describe(e), StateOf(blobs), _time.GetTimestamp()));
            return true;
        }
    }

    private bool Synchronize(string model, Dictionary<string, ListedBlob> blobs, CancellationToken cancellationToken)
    {
        var fresh = blobs.Where(blob => _index.Files.GetValueOrDefault(blob.Key)?.ETag != blob.Value.ETag.ToString()).Select(blob => Download(blob.Key, blob.Value, cancellationToken)).ToArray();
        var gone = _index.Files.Keys.Where(name => BlobPath.ModelOf(name) == model && !blobs.ContainsKey(name)).ToArray();

        // From here on without the network, so that whoever looks at the folder sees the old state or the new one.
        foreach (var name in gone)
        {
            _index.Files.Remove(name);
            Remove(PathOf(name));
        }

        foreach (var (name, staged, copied) in fresh)
        {
            // Not known until it is in its place.
            _index.Files.Remove(name);
            Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
            File.Move(staged, PathOf(name), overwrite: true);
            _index.Files.Add(name, copied);
        }

        return fresh.Length + gone.Length > 0;
    }

    private (string Name, string Staged, MirroredFile Copied) Download(string name, ListedBlob blob, CancellationToken cancellationToken)
    {
        var staged = Path.Combine(_staging, Guid.NewGuid().ToString("N"));
        var options = new BlobDownloadToOptions { Conditions = new BlobRequestConditions { IfMatch = blob.ETag } };
        using (_container.GetBlobClient(blob.Name).DownloadTo(staged, options, cancellationToken))
        {
            return (name, staged, new MirroredFile(blob.ETag.ToString(), MirroredFile.DigestOf(staged)));
        }
    }

    // A folder goes with its last file: an empty one would be a version without a model.
    private void Remove(string file)
    {
        File.Delete(file);
        for (var folder = Path.GetDirectoryName(file)!; folder != _root && !Directory.EnumerateFileSystemEntries(folder).Any(); folder = Path.GetDirectoryName(folder)!) Directory.Delete(folder);
    }

    private string PathOf(string name) => Path.Combine([_root, .. name.Split('/')]);

    private string NameOf(string file) => Path.GetRelativePath(_root, file).Replace(Path.DirectorySeparatorChar, '/');

    /// <summary>A model that could not be copied: why, what its blobs were, and when.</summary>
    private sealed record FailedModel(string Reason, string Blobs, long At);
}

/// <summary>What a synchronisation left out.</summary>
/// <param name="Refused">Names that are no paths inside a folder, and why.</param>
/// <param name="Failed">Models that stay as they were, and why.</param>
internal sealed record MirrorReport(IReadOnlyList<(string Name, string Reason)> Refused, IReadOnlyList<(string Model, string Reason)> Failed);
