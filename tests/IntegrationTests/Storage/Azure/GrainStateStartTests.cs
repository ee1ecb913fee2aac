using IntegrationTests.Infrastructure;

namespace IntegrationTests.Storage.Azure;

/// <summary>An account that cannot be used stops the start in bounded time; the operator is told what and where, and nothing secret.</summary>
public sealed class GrainStateStartTests(AzuriteTestServer azurite) : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("AzureTable", "The table state (Inference:GrainState:TableName)", "TableEndpoint")]
    [InlineData("AzureBlob", "The container state (Inference:GrainState:ContainerName)", "BlobEndpoint")]
    public async Task Start_NobodyThere_NamesPlaceEndpointAndSetting(string provider, string place, string endpoint)
    {
        var address = $"http://127.0.0.1:{FreePort.Find()}/account";

        var run = await RunAsync(provider, $"DefaultEndpointsProtocol=http;AccountName=account;AccountKey={AzuriteServer.Secret};{endpoint}={address}");

        AssertTold(run, $"{place} for grain state cannot be had at {address}: Connection refused", "correct Inference:GrainState:ConnectionString, or set Inference:GrainState:Provider to Sqlite.");
    }

    [Theory]
    [InlineData("AzureTable")]
    [InlineData("AzureBlob")]
    public async Task Start_WrongKey_SaysSoWithoutIt(string provider)
    {
        var wrong = Convert.ToBase64String("another-key-not-for-logs-another-key-not-for-logs"u8);
        var place = await azurite.FindPlaceAsync();

        var run = await RunAsync(provider, place.Server.ConnectionStringWith(wrong));

        AssertTold(run, "it answers HTTP 403", "correct Inference:GrainState:ConnectionString");
        Assert.DoesNotContain(wrong, run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_NobodyAnswers_GivesUpAtTheTimeout()
    {
        var place = await azurite.FindPlaceAsync();
        await place.Server.PauseAsync();
        try
        {
            AssertTold(await RunAsync("AzureTable", place.Server.ConnectionString, "Inference:GrainState:StartTimeout=00:00:01"), "it does not answer in time", "Have the storage account answer");
        }
        finally
        {
            await place.Server.ResumeAsync();
        }
    }

    [Theory]
    [InlineData("Inference:GrainState:Provider is 'AzureQueue'.", "Set it to one of: Sqlite, PostgreSql, AzureTable, AzureBlob.", "AzureQueue", "UseDevelopmentStorage=true")]
    [InlineData("Inference:GrainState:ConnectionString is no connection string of a storage account", "Set it to ", "AzureTable", "AccountKey=bm90LWZvci1sb2dz")]
    public async Task Start_BrokenSetting_NamesIt(string told, string remedy, string provider, string connection)
    {
        var run = await RunAsync(provider, connection);

        AssertTold(run, told, remedy);
        Assert.DoesNotContain("bm90LWZvci1sb2dz", run.Output, StringComparison.Ordinal);
    }

    private Task<ProgramRun> RunAsync(string provider, string connection, params string[] settings) => ServerProcess.RunApiToEndAsync([
        "--urls=http://127.0.0.1:0",
        $"--Inference:DataDirectory={_directory.File("data")}",
        $"--Inference:ModelRepository:Path={_directory.CopyModels(Repository.TestModels, "identity")}",
        $"--Inference:GrainState:Provider={provider}",
        $"--Inference:GrainState:ConnectionString={connection}",
        "--Inference:GrainState:TableName=state",
        "--Inference:GrainState:ContainerName=state",
        "--Logging:LogLevel:Default=Trace",
        .. settings.Select(setting => $"--{setting}")]);

    private static void AssertTold(ProgramRun run, params string[] parts)
    {
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("The program cannot start.", run.Errors, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, run.Errors, StringComparison.Ordinal));
        Assert.DoesNotContain(AzuriteServer.Secret, run.Output, StringComparison.Ordinal);
    }
}
