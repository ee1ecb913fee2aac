using System.Globalization;
using IntegrationTests.Infrastructure;

namespace IntegrationTests.Cluster;

/// <summary>A cluster that cannot be joined says what to set, within its time and without a password.</summary>
public sealed class ClusterStartTests(PostgresTestServer postgres)
{
    private const string Password = "not-for-logs-91c2";

    private static readonly string Silo = Repository.Assembly("src/Silo", "OrleansInference.Silo");

    [Fact]
    public async Task Start_RedisDown_SaysSoWithinItsTime()
    {
        var run = await RunSiloAsync($"--Inference:Cluster:Redis=127.0.0.1:{FreePort.Find()},password={Password}", "--Inference:Cluster:StartTimeout=00:00:01", $"--Inference:PostgreSql:ConnectionString={await postgres.CreateDatabaseAsync()}");

        Assert.Equal(1, run.ExitCode);
        Assert.Matches(@"Redis at 127\.0\.0\.1:\d+ cannot be used: .+\. Start it, or correct Inference:Cluster:Redis \(Inference:Cluster:StartTimeout = 00:00:01\)\.", run.Errors);
        Assert.DoesNotContain(Password, run.Output + run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ClientWithoutRedis_SaysSoWithinItsTime()
    {
        var run = await ServerProcess.RunApiToEndAsync(
            "--urls=http://127.0.0.1:0", "--Inference:Mode=Client", $"--Inference:Cluster:Redis=127.0.0.1:{FreePort.Find()},password={Password}", "--Inference:Cluster:StartTimeout=00:00:01");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Start it, or correct Inference:Cluster:Redis", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, run.Output + run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SqliteInACluster_SaysWhatToSet()
    {
        var run = await RunSiloAsync("--Inference:Cluster:Redis=127.0.0.1:1", "--Inference:Storage:Provider=Sqlite");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("SQLite is one process's own. Set Inference:Storage:Provider=PostgreSql with Inference:PostgreSql:ConnectionString", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SiloBeyondLoopback_AsksForLeave()
    {
        var run = await RunSiloAsync("--Inference:Cluster:Redis=127.0.0.1:1", "--Inference:Silo:ListenAddress=0.0.0.0");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Inference:Silo:AllowOtherAddresses=true", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SiloAsClient_NamesTheProgramToStart()
    {
        var run = await RunSiloAsync("--Inference:Mode=Client");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Set it to Cluster or Embedded, or start src/Api.", run.Errors, StringComparison.Ordinal);
    }

    private static Task<ProgramRun> RunSiloAsync(params string[] args) => ServerProcess.RunToEndAsync(
        Silo, ["--environment", "Cluster", string.Create(CultureInfo.InvariantCulture, $"--Inference:ModelRepository:Path={Repository.TestModels}"), .. args]);
}
