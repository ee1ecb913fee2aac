namespace OrleansInference.SideBySide.Servers;

/// <summary>How a contender is started.</summary>
internal sealed record ServerCommand(string Name, string Program, string Folder, string HealthPath)
{
    public required Func<ServerPorts, string[]> Arguments { get; init; }

    public Func<ServerPorts, IEnumerable<(string Name, string Value)>> Environment { get; init; } = _ => [];

    /// <summary>.NET compiles in tiers and needs most of it; Python compiles nothing, and V8 is soon done.</summary>
    public TimeSpan LongestWarmUp { get; init; } = TimeSpan.FromSeconds(50);
}

/// <summary>Where a contender is to listen: for HTTP/1.1, and for gRPC where it has that.</summary>
internal sealed record ServerPorts(int Http, int Grpc);
