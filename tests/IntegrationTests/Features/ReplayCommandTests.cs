using IntegrationTests.Infrastructure;

namespace IntegrationTests.Features;

/// <summary>The demo's command that replays the published transactions, here a part of them, through a server that is killed meanwhile.</summary>
public sealed class ReplayCommandTests
{
    private const int Rows = 3_000;

    [Fact]
    public async Task Replay_ServerIsKilledAndUsersLeaveMemory_AllWindowsAreAsPublished()
    {
        var file = PublishedFile();
        using var directory = new TestDirectory();
        var url = $"http://127.0.0.1:{FreePort.Find()}";
        string[] settings = [.. Settings(directory), $"--urls={url}"];
        var log = new PredictionDatabase(directory.File("data"));

        await using var killed = await ServerProcess.StartApiAsync(settings);
        var replay = RunAsync("--file", file, "--url", url, "--rows", $"{Rows}", "--batch", "50");
        await Eventually.TrueAsync(() => Task.FromResult(log.ReadPredictionIds().Count > Rows / 3));
        await killed.KillAsync();
        await using var server = await ServerProcess.StartApiAsync(settings);

        var run = await replay;
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        Assert.Contains($"{Rows} of {Rows} transactions have all 6 features as published", run.Output, StringComparison.Ordinal);
        Assert.Contains(" a second, ", run.Output, StringComparison.Ordinal);
        Assert.Equal(Rows, log.ReadPredictionIds().Count);
    }

    [Theory]
    [InlineData("--url=nowhere", "--url is 'nowhere'; it must be an address such as http://127.0.0.1:8080.", 2)]
    [InlineData("--batch=0", "--batch is 0; it must be 1 to 1000.", 2)]
    [InlineData("--file=none.csv.gz", "none.csv.gz", 1)]
    public async Task Replay_WrongUsage_SaysWhat(string argument, string message, int exitCode)
    {
        var run = await RunAsync(argument.StartsWith("--file", StringComparison.Ordinal) ? [argument] : ["--file=x", argument]);

        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(message, run.Errors, StringComparison.Ordinal);
    }

    private static Task<ProgramRun> RunAsync(params string[] args) =>
        ServerProcess.RunToEndAsync(Repository.Assembly("samples/FraudDemo", "FraudDemo"), ["replay", .. args]);

    private static string PublishedFile()
    {
        var directory = Environment.GetEnvironmentVariable("FRAUD_HANDBOOK_DIR");
        if (string.IsNullOrEmpty(directory))
            Assert.Skip("FRAUD_HANDBOOK_DIR is not set. It names the folder of user_windows.csv.gz, made from the public data set Fraud-Detection-Handbook/simulated-data-transformed on Hugging Face.");
        return Path.Combine(directory, "user_windows.csv.gz");
    }

    // As samples/FraudDemo/replay.sh has them.
    private static IEnumerable<string> Settings(TestDirectory directory)
    {
        yield return $"--Inference:DataDirectory={directory.File("data")}";
        yield return $"--Inference:ModelRepository:Path={Path.Combine(Repository.Root, "samples/FraudDemo/Replay/models")}";
        yield return "--Inference:Grpc:Port=0";
        yield return "--Inference:Users:IdleTimeout=00:00:02";
        yield return "--Inference:FeatureViews:spending:Kind=Window";
        for (var i = 0; i < 6; i++)
        {
            var (aggregate, days) = (i < 3 ? "count" : "mean", (i % 3) switch { 0 => 1, 1 => 7, _ => 30 });
            var column = $"--Inference:FeatureViews:spending:Columns:{aggregate}_{days}d";
            yield return $"{column}:Aggregate={aggregate}";
            yield return $"{column}:Window={days}.00:00:00";
            if (aggregate is "mean") yield return $"{column}:Default=0";
        }
    }
}
