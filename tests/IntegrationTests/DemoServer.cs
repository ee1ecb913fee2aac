using IntegrationTests;
using IntegrationTests.Infrastructure;

[assembly: AssemblyFixture(typeof(DemoServer))]

namespace IntegrationTests;

/// <summary>One running program with the demo, shared by all tests that only ask it questions; none of them is about time.</summary>
public sealed class DemoServer : IAsyncLifetime
{
    private InProcessServer? _server;

    internal InProcessServer Server => _server!;

    public async ValueTask InitializeAsync() => _server = await InProcessServer.StartPatientDemoAsync();

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }
}
