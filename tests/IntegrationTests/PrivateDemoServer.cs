using IntegrationTests.Infrastructure;

namespace IntegrationTests;

/// <summary>A running program with the demo for one test class alone: nobody else's predictions are in its log.</summary>
public sealed class PrivateDemoServer : IAsyncLifetime
{
    private InProcessServer? _server;

    internal InProcessServer Server => _server!;

    public async ValueTask InitializeAsync() => _server = await InProcessServer.StartPatientDemoAsync();

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }
}
