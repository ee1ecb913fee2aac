using IntegrationTests.Infrastructure;

namespace IntegrationTests.Grpc;

/// <summary>One running program with the tests' models, shared by the tests of a class that only ask it.</summary>
public sealed class ModelServer : IAsyncLifetime
{
    private GrpcServer? _server;

    internal GrpcServer Server => _server!;

    public async ValueTask InitializeAsync() => _server = await GrpcServer.StartAsync(
    [
        .. Directory.EnumerateDirectories(Repository.TestModels, "identity*").Select(folder => Path.GetFileName(folder)!),
        "variable", "several", "versioned", "fails-on", "scale",
    ]);

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }
}
