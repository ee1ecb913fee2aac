using IntegrationTests.Infrastructure;

namespace IntegrationTests;

/// <summary>The silo without REST: a program of its own, for .NET callers.</summary>
public sealed class SiloTests : IDisposable
{
    private const string Manifest =
        """
        {
          "predict": {
            "request":  { "raw_feature": { "type": "string", "required": true }, "amount": { "type": "number", "required": true } },
            "inputs":   { "x": [ "request.amount", "request.amount", "request.amount", "request.amount" ] },
            "response": { "prediction": { "output": "y" }, "info": { "feature": "request.raw_feature" } }
          }
        }
        """;

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Start_WithGateway_ServesClientsOfOtherProcesses()
    {
        var models = _directory.CopyModels(Repository.TestModels, "identity");
        await File.WriteAllTextAsync(Path.Combine(models, "identity", "model.json"), Manifest, TestContext.Current.CancellationToken);
        var gateway = FreePort.Find();
        await using var silo = await ServerProcess.StartSiloAsync(
            $"--Inference:DataDirectory={_directory.File("data")}", $"--Inference:ModelRepository:Path={models}", $"--Inference:Silo:GatewayPort={gateway}");

        var client = await ServerProcess.RunToEndAsync(
            Repository.Assembly("samples/DotNetClient", "DotNetClient"), $"--gateway={gateway}", "--terminal=3156", "--amount=2.5");

        Assert.StartsWith("prediction 2.5 by identity/1, 3156, id ", client.Output, StringComparison.Ordinal);
        Assert.Contains($"gateway port {gateway}", silo.Output, StringComparison.Ordinal);
        Assert.Equal(0, await silo.StopAsync());
    }

    [Fact]
    public async Task Start_ShippedModelsWithoutDemo_SaysWhoRunsTheDemo()
    {
        var run = await ServerProcess.RunToEndAsync(Repository.Assembly("src/Silo", "OrleansInference.Silo"), $"--Inference:DataDirectory={_directory.File("data")}");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"The models in {Repository.Models} need the demo, which src/Api runs. Set Inference:ModelRepository:Path", run.Errors, StringComparison.Ordinal);
    }
}
