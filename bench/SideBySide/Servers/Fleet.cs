namespace OrleansInference.SideBySide.Servers;

/// <summary>The contenders that have started. All but the one whose turn it is are stopped where they are, and stay warm.</summary>
internal sealed class Fleet(string logFolder) : IAsyncDisposable
{
    private readonly Dictionary<string, ServerProcess> _servers = [];

    public async Task<ServerProcess> GetAsync(Contender contender, CancellationToken cancellationToken)
    {
        if (_servers.TryGetValue(contender.Name, out var server)) return server;
        server = await ServerProcess.StartAsync(contender.Command, Path.Combine(logFolder, $"{contender.Name}.log"), cancellationToken);
        _servers.Add(contender.Name, server);
        server.Pause();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers.Values) await server.DisposeAsync();
    }
}
