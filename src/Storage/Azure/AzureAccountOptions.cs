using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Storage.Azure;

/// <summary>A storage account, and how long its answers are waited for. Set one of <see cref="ConnectionString"/> and <see cref="ServiceUri"/>.</summary>
public abstract class AzureAccountOptions
{
    /// <summary>The account's connection string: <c>DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=core.windows.net</c>. Never logged. Default: none.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>
    /// The service's address, for a managed identity: https, such as <c>https://….table.core.windows.net</c> for tables and
    /// <c>https://….blob.core.windows.net</c> for blobs. Default: none.
    /// </summary>
    public Uri? ServiceUri { get; set; }

    /// <summary>The client id of the user-assigned identity that signs in to <see cref="ServiceUri"/>. Default: the system-assigned one, or whatever <c>DefaultAzureCredential</c> finds.</summary>
    public string? ManagedIdentityClientId { get; set; }

    /// <summary>Longest wait for the answer to one attempt of a request. Default: 2 s. From 100 ms to 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Further attempts after one that failed for a reason that may pass, 100 ms later at first and doubling. Default: 2. From 0 to 10.</summary>
    [Range(0, 10)]
    public int MaxRetries { get; set; } = 2;
}
