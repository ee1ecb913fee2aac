using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace OrleansInference.Storage.Azure.Models;

/// <summary>What a container holds, by model.</summary>
internal sealed class ContainerListing
{
    private readonly Dictionary<string, Dictionary<string, ListedBlob>> _models = new(StringComparer.Ordinal);

    /// <summary>The blobs of each model by name without the prefix; those beside the models under the empty name.</summary>
    public IReadOnlyDictionary<string, Dictionary<string, ListedBlob>> Models => _models;

    /// <summary>Names that are no paths inside a folder, and why.</summary>
    public List<(string Name, string Reason)> Refused { get; } = [];

    /// <exception cref="RequestFailedException">The container cannot be read.</exception>
    public static ContainerListing Read(BlobContainerClient container, string prefix, CancellationToken cancellationToken)
    {
        var listing = new ContainerListing();
        foreach (var blob in container.GetBlobs(BlobTraits.Metadata, BlobStates.None, prefix.Length > 0 ? prefix : null, cancellationToken)) listing.Add(blob, prefix);
        return listing;
    }

    private void Add(BlobItem blob, string prefix)
    {
        // Accounts with folders list them too; and tools make empty blobs in their place.
        var name = blob.Name[prefix.Length..];
        if (name.Length == 0 || name.EndsWith('/') || blob.Metadata?.ContainsKey("hdi_isfolder") is true) return;
        if (!BlobPath.IsInside(name, out var reason))
        {
            Refused.Add((blob.Name, reason));
            return;
        }

        var model = BlobPath.ModelOf(name);
        if (!_models.TryGetValue(model, out var blobs)) _models.Add(model, blobs = new Dictionary<string, ListedBlob>(StringComparer.Ordinal));
        blobs.Add(name, new ListedBlob(blob.Name, blob.Properties.ETag!.Value, blob.Properties.ContentLength ?? 0));
    }
}

/// <summary>A blob as it is listed.</summary>
/// <param name="Name">Its whole name.</param>
/// <param name="ETag">Changes with every write.</param>
/// <param name="Length">In bytes.</param>
internal sealed record ListedBlob(string Name, ETag ETag, long Length);
