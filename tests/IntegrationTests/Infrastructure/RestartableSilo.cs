using OrleansInference;

namespace IntegrationTests.Infrastructure;

/// <summary>A silo process that can be killed and started again on the same data, and a client outside it.</summary>
internal sealed class RestartableSilo : IAsyncDisposable
{
    private readonly TestDirectory _directory;
    private ServerProcess _silo;
    private GatewayClient _gateway;

    private RestartableSilo(TestDirectory directory, ServerProcess silo, GatewayClient gateway)
    {
        _directory = directory;
        _silo = silo;
        _gateway = gateway;
    }

    public IInferenceClient Client => _gateway.Client;

    /// <summary>What the present process has printed.</summary>
    public string Output => _silo.Output;

    /// <summary>Starts with the models in the directory's <c>models</c>; changes of them are served when they are asked for.</summary>
    public static async Task<RestartableSilo> StartAsync(TestDirectory directory)
    {
        var (silo, gateway) = await LaunchAsync(directory);
        return new RestartableSilo(directory, silo, gateway);
    }

    /// <summary>Kills the process where it stands, and starts another one on its data.</summary>
    public async Task RestartAsync()
    {
        await _silo.KillAsync();
        await StopAsync();
        (_silo, _gateway) = await LaunchAsync(_directory);
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private static async Task<(ServerProcess Silo, GatewayClient Gateway)> LaunchAsync(TestDirectory directory)
    {
        var port = FreePort.Find();
        var silo = await ServerProcess.StartSiloAsync(
            $"--Inference:DataDirectory={directory.File("data")}",
            $"--Inference:ModelRepository:Path={directory.File("models")}",
            "--Inference:ModelRepository:PollInterval=00:00:00",
            $"--Inference:Silo:GatewayPort={port}");
        return (silo, await GatewayClient.ConnectAsync(port));
    }

    private async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _silo.DisposeAsync();
    }
}
