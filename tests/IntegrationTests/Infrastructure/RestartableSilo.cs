using OrleansInference;

namespace IntegrationTests.Infrastructure;

/// <summary>A silo process that can be killed and started again on the same data, and a client outside it.</summary>
internal sealed class RestartableSilo : IAsyncDisposable
{
    private readonly TestDirectory _directory;
    private readonly string[] _settings;
    private ServerProcess _silo;
    private GatewayClient _gateway;

    private RestartableSilo(TestDirectory directory, string[] settings, ServerProcess silo, GatewayClient gateway)
    {
        _directory = directory;
        _settings = settings;
        _silo = silo;
        _gateway = gateway;
    }

    public IInferenceClient Client => _gateway.Client;

    public IReplayClient Replays => _gateway.Replays;

    /// <summary>What the present process has printed.</summary>
    public string Output => _silo.Output;

    /// <summary>Starts with the models in the directory's <c>models</c>, whose changes are served when they are asked for, and further settings.</summary>
    public static async Task<RestartableSilo> StartAsync(TestDirectory directory, params string[] settings)
    {
        var (silo, gateway) = await LaunchAsync(directory, settings);
        return new RestartableSilo(directory, settings, silo, gateway);
    }

    /// <summary>Kills the process where it stands, and starts another one on its data.</summary>
    public async Task RestartAsync()
    {
        await _silo.KillAsync();
        await StopAsync();
        (_silo, _gateway) = await LaunchAsync(_directory, _settings);
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private static async Task<(ServerProcess Silo, GatewayClient Gateway)> LaunchAsync(TestDirectory directory, string[] settings)
    {
        var port = FreePort.Find();
        var silo = await ServerProcess.StartSiloAsync([
            $"--Inference:DataDirectory={directory.File("data")}",
            $"--Inference:ModelRepository:Path={directory.File("models")}",
            "--Inference:ModelRepository:PollInterval=00:00:00",
            $"--Inference:Silo:GatewayPort={port}",
            .. settings.Select(setting => $"--{setting}")]);
        return (silo, await GatewayClient.ConnectAsync(port));
    }

    private async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _silo.DisposeAsync();
    }
}
