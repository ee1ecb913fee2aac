using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;

namespace OrleansInference.Storage.Azure;

/// <summary>Makes the clients of a storage account.</summary>
internal static class AzureClients
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(2);

    public static TableServiceClient CreateTables(AzureAccountOptions account)
    {
        var options = Limit(new TableClientOptions(), account);
        return account.ServiceUri is { } address ? new TableServiceClient(address, CreateCredential(account), options) : new TableServiceClient(account.ConnectionString, options);
    }

    public static BlobServiceClient CreateBlobs(AzureAccountOptions account)
    {
        var options = Limit(new BlobClientOptions(), account);
        return account.ServiceUri is { } address ? new BlobServiceClient(address, CreateCredential(account), options) : new BlobServiceClient(account.ConnectionString, options);
    }

    /// <summary>How the identity is found that signs in.</summary>
    internal static DefaultAzureCredentialOptions Identify(AzureAccountOptions account) => new() { ManagedIdentityClientId = account.ManagedIdentityClientId };

    private static DefaultAzureCredential CreateCredential(AzureAccountOptions account) => new(Identify(account));

    // The libraries' own waits add up to minutes: long after the prediction that asked has been given up.
    private static T Limit<T>(T options, AzureAccountOptions account)
        where T : ClientOptions
    {
        options.Retry.Mode = RetryMode.Exponential;
        options.Retry.MaxRetries = account.MaxRetries;
        options.Retry.NetworkTimeout = account.AttemptTimeout;
        options.Retry.Delay = FirstDelay;
        options.Retry.MaxDelay = LongestDelay;
        return options;
    }
}
