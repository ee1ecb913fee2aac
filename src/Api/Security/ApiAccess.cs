namespace OrleansInference.Api.Security;

/// <summary>Who may call. Section <c>Inference:Security</c>: safe unless something else is set explicitly.</summary>
/// <param name="ApiKey">The key that every call but health checks must bring; null when none is configured.</param>
/// <param name="AllowAnonymous">Whether others may call without a key.</param>
public sealed record ApiAccess(string? ApiKey, bool AllowAnonymous)
{
    public const string ApiKeySetting = "Inference:Security:ApiKey";
    public const string AllowAnonymousSetting = "Inference:Security:AllowAnonymous";

    /// <summary>Whether the API may listen beyond loopback, under any host name.</summary>
    public bool AllowsOtherAddresses => ApiKey is not null || AllowAnonymous;

    public static ApiAccess Read(IConfiguration configuration) => new(
        configuration[ApiKeySetting] is { Length: > 0 } key ? key : null,
        configuration.GetValue<bool>(AllowAnonymousSetting));
}
