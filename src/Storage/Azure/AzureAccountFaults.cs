namespace OrleansInference.Storage.Azure;

/// <summary>What is wrong with how an account is given. A connection string is a secret: no part of it is repeated.</summary>
internal static class AzureAccountFaults
{
    private const string Form = "DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=core.windows.net";

    /// <param name="section">The account's section of the configuration.</param>
    /// <param name="account">What it says.</param>
    /// <param name="connect">Makes the client of the service that is needed, which reads the connection string.</param>
    public static IEnumerable<string> Find(string section, AzureAccountOptions account, Action connect)
    {
        var (hasString, hasUri) = (!string.IsNullOrWhiteSpace(account.ConnectionString), account.ServiceUri is not null);
        if (hasString && hasUri) yield return $"{section}:ConnectionString and {section}:ServiceUri are both set. Remove one: the address is for a managed identity.";
        else if (!hasString && !hasUri) yield return $"{section}:ConnectionString and {section}:ServiceUri are both missing. Set one: a connection string ({Form}), or the service's address for a managed identity.";
        else if (hasUri && UriFault(account.ServiceUri!) is { } fault) yield return $"{section}:ServiceUri is no address of a service: {fault}";
        else if (hasString && !CanConnect(connect)) yield return $"{section}:ConnectionString is no connection string of a storage account (it is not repeated here: it may hold a key). Set it to {Form}.";
        if (account.ManagedIdentityClientId is { Length: > 0 } id && !hasUri) yield return $"{section}:ManagedIdentityClientId is '{id}', but {section}:ServiceUri is not set. Set that to the service's address, or remove the id.";
    }

    private static string? UriFault(Uri address)
    {
        if (!address.IsAbsoluteUri) return $"'{Bare(address)}' is not absolute. Write it as https://….";
        if (address.Query.Length > 0 || address.UserInfo.Length > 0) return $"behind '{Bare(address)}' it has more, which may be a secret. A shared access signature belongs into ConnectionString.";
        return address.Scheme == Uri.UriSchemeHttps ? null : $"'{Bare(address)}' is not https, without which no identity signs in. Write it as https://….";
    }

    private static string Bare(Uri address) => address.IsAbsoluteUri ? address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped) : address.OriginalString.Split('?')[0];

    private static bool CanConnect(Action connect)
    {
        try
        {
            connect();
            return true;
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }
}
