using Microsoft.Extensions.Configuration;
using OrleansInference.Grains;

namespace OrleansInference.Silo;

/// <summary>What a process is. Setting <c>Inference:Mode</c>.</summary>
public enum InferenceMode
{
    /// <summary>Everything in one process, with its data beside it.</summary>
    Embedded,

    /// <summary>A silo of a cluster.</summary>
    Cluster,

    /// <summary>An Orleans client of a cluster: REST and gRPC without a silo.</summary>
    Client,
}

/// <summary>Reads the mode.</summary>
public static class InferenceModes
{
    public const string Setting = "Inference:Mode";

    /// <summary>Default: Embedded.</summary>
    /// <exception cref="InferenceStartupException">There is no such mode.</exception>
    public static InferenceMode Read(IConfiguration configuration) =>
        configuration[Setting] is not { Length: > 0 } name ? InferenceMode.Embedded
        : Enum.GetNames<InferenceMode>().FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } found ? Enum.Parse<InferenceMode>(found)
        : throw new InferenceStartupException($"{Setting} is '{name}'. Set it to {string.Join(", ", Enum.GetNames<InferenceMode>())}.");
}
