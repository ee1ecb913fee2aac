using OrleansInference;

namespace IntegrationTests.Infrastructure;

/// <summary>A silo process with some of the tests' models, and a client outside it.</summary>
internal sealed class ServingSilo : IAsyncDisposable
{
    private readonly TestDirectory _directory;
    private readonly ServerProcess _silo;
    private readonly GatewayClient _gateway;

    private ServingSilo(TestDirectory directory, ServerProcess silo, GatewayClient gateway)
    {
        _directory = directory;
        _silo = silo;
        _gateway = gateway;
    }

    public IInferenceClient Client => _gateway.Client;

    /// <summary>The model repository's folder.</summary>
    public string Models => _directory.File("models");

    public double ResidentMiB => Soak.ResidentMiB(_silo.Id);

    /// <summary>Starts the silo, which serves changes of its models only when it is asked to.</summary>
    public static async Task<ServingSilo> StartAsync(IReadOnlyDictionary<string, string> manifests, params string[] models)
    {
        var directory = new TestDirectory();
        var repository = directory.CopyTestModels(models);
        foreach (var (model, manifest) in manifests) TestModels.WriteManifest(repository, model, manifest);
        var gateway = FreePort.Find();
        var silo = await ServerProcess.StartSiloAsync(
            $"--Inference:DataDirectory={directory.File("data")}",
            $"--Inference:ModelRepository:Path={repository}",
            "--Inference:ModelRepository:PollInterval=00:00:00",
            $"--Inference:Silo:GatewayPort={gateway}");
        return new ServingSilo(directory, silo, await GatewayClient.ConnectAsync(gateway));
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _silo.DisposeAsync();
        _directory.Dispose();
    }
}
