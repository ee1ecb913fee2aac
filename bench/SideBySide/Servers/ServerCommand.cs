namespace OrleansInference.SideBySide.Servers;

/// <summary>How a contender is started.</summary>
internal sealed record ServerCommand(string Name, string Program, string Folder, string HealthPath)
{
    public required Func<ServerPorts, string[]> Arguments { get; init; }

    public Func<ServerPorts, IEnumerable<(string Name, string Value)>> Environment { get; init; } = _ => [];
}

/// <summary>Where a contender is to listen: for HTTP/1.1, and for gRPC where it has that.</summary>
internal sealed record ServerPorts(int Http, int Grpc);
