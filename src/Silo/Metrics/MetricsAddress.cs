using System.Net;
using Microsoft.Extensions.Configuration;
using OrleansInference.Grains;

namespace OrleansInference.Silo.Metrics;

/// <summary>Where the metrics' own port listens, checked before anything is started.</summary>
internal static class MetricsAddress
{
    private const string Section = "Inference:Metrics";

    /// <summary>Null where there is no such port.</summary>
    /// <exception cref="InferenceStartupException">The address or port cannot be used, or is open to others without leave.</exception>
    public static IPEndPoint? Find(IConfiguration configuration)
    {
        var options = NamedOptions.ReadOne<MetricsOptions>(configuration.GetSection("Inference"), "Metrics");
        if (options.Port == 0) return null;
        if (options.Port is < 0 or > IPEndPoint.MaxPort)
            throw new InferenceStartupException($"{Section}:Port is {options.Port}, which is no port. Set it to 1 to {IPEndPoint.MaxPort}, or leave it out.");
        if (!IPAddress.TryParse(options.ListenAddress, out var address))
            throw new InferenceStartupException($"{Section}:ListenAddress is '{options.ListenAddress}', which is no IP address. Set one, such as 127.0.0.1 or 0.0.0.0.");
        if (!IPAddress.IsLoopback(address) && !options.AllowOtherAddresses)
        {
            throw new InferenceStartupException(
                $"{Section}:ListenAddress is {address}, which others can reach, and the port asks nobody for a key. Close it to all but the collector and say {Section}:AllowOtherAddresses=true, or leave the setting at 127.0.0.1.");
        }

        var endpoint = new IPEndPoint(address, options.Port);
        return ListenPort.TryFind(endpoint, out _, out var reason)
            ? endpoint
            : throw new InferenceStartupException($"{Section}:Port is {options.Port}, but that port cannot be taken: {reason}. Set another one.");
    }
}
