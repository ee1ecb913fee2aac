using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using IntegrationTests.Infrastructure;
using OrleansInference;

namespace IntegrationTests;

/// <summary>One service under three callers: HTTP, .NET in the same process, and .NET in another process through the gateway.</summary>
public sealed partial class GatewayTests(GatewayTests.TwoInstances instances) : IClassFixture<GatewayTests.TwoInstances>
{
    private const string At = "2026-04-01T12:30:00Z";

    [Fact]
    public async Task Predict_ByHttpInProcessAndGateway_AnswersTheSame()
    {
        // Of three users that nothing is known of: a second transaction of the same one would count the first.
        var (status, body) = await instances.First.Http.PostJsonAsync("/predict", $$"""{"user_id": "http", "raw_feature": "3156", "amount": 57.2, "at": "{{At}}"}""");
        var inProcess = await instances.First.Client.PredictAsync(
            new PredictionRequest { UserId = "in-process", Fields = [new("raw_feature", "3156"), new("amount", 57.2), new("at", At)] },
            TestContext.Current.CancellationToken);
        var foreign = await PredictAsync(instances.FirstGateway, "--user=gateway", "--terminal=3156", "--amount=57.2", $"--at={At}");

        Assert.Equal(HttpStatusCode.OK, status);
        var expected = (body.GetProperty("prediction").GetSingle(), body.GetProperty("info").GetString());
        Assert.Equal(expected, ((float)inProcess.Value, inProcess.Info));
        Assert.Equal(expected, (foreign.Value, foreign.Info));
    }

    [Fact]
    public async Task Predict_TwoInstancesUp_ReachesTheOneAskedFor()
    {
        var first = await PredictAsync(instances.FirstGateway);
        var second = await PredictAsync(instances.SecondGateway);

        Assert.Equal((true, false), (IsLogged(instances.First.DataDirectory, first.Id), IsLogged(instances.SecondDataDirectory, first.Id)));
        Assert.Equal((false, true), (IsLogged(instances.First.DataDirectory, second.Id), IsLogged(instances.SecondDataDirectory, second.Id)));
    }

    [Fact]
    public async Task Predict_InvalidInputThroughGateway_ArrivesWithItsFields()
    {
        var run = await RunClientAsync(instances.SecondGateway, "--amount=-1", "--at=yesterday");

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("InvalidInput: ", run.Errors, StringComparison.Ordinal);
        Assert.Contains("  amount: must be at least 0 (sent: -1)", run.Errors, StringComparison.Ordinal);
        Assert.Contains("  at: must be an ISO 8601 time", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Predict_InvalidUserThroughGateway_ArrivesWithItsFields()
    {
        var run = await RunClientAsync(instances.SecondGateway, $"--user={new string('9', 129)}", "--amount=-1");

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("InvalidInput: ", run.Errors, StringComparison.Ordinal);
        Assert.Contains("  user_id: ", run.Errors, StringComparison.Ordinal);
        Assert.Contains("  amount: ", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Predict_UnknownModelThroughGateway_NamesWhatIsServed()
    {
        var run = await RunClientAsync(instances.SecondGateway, "--model=nonesuch");

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("NotFound: There is no model 'nonesuch'. Served here: fraud, tutorial.", run.Errors, StringComparison.Ordinal);
    }

    private static bool IsLogged(string dataDirectory, Guid id) => new PredictionDatabase(dataDirectory).ReadPredictionIds().Contains(id);

    private static async Task<(float Value, string Info, Guid Id)> PredictAsync(int gateway, params string[] args)
    {
        var run = await RunClientAsync(gateway, args);
        Assert.True(run.ExitCode == 0, run.Output);
        var answer = Answer().Match(run.Output);
        Assert.True(answer.Success, run.Output);
        return ((float)double.Parse(answer.Groups[1].Value, CultureInfo.InvariantCulture), answer.Groups[2].Value, Guid.Parse(answer.Groups[3].Value));
    }

    private static Task<ProgramRun> RunClientAsync(int gateway, params string[] args) =>
        ServerProcess.RunToEndAsync(Repository.Assembly("samples/DotNetClient", "DotNetClient"), [$"--gateway={gateway}", .. args]);

    [GeneratedRegex("^prediction ([^ ]+) by fraud/2, (.*), id (.{36})$", RegexOptions.Multiline)]
    private static partial Regex Answer();

    /// <summary>The first in the test's process, so that it has an in-process client; the second in a process of its own.</summary>
    public sealed class TwoInstances : IAsyncLifetime
    {
        private readonly TestDirectory _directory = new();
        private InProcessServer? _first;
        private ServerProcess? _second;

        internal InProcessServer First => _first!;

        internal int FirstGateway { get; } = FreePort.Find();

        internal int SecondGateway { get; } = FreePort.Find();

        internal string SecondDataDirectory => _directory.File("data");

        public async ValueTask InitializeAsync()
        {
            _first = await InProcessServer.StartDemoAsync(configure: null, $"Inference:Silo:GatewayPort={FirstGateway}");
            await DemoData.CopyToAsync(SecondDataDirectory);
            _second = await ServerProcess.StartApiAsync($"--Inference:DataDirectory={SecondDataDirectory}", $"--Inference:Silo:GatewayPort={SecondGateway}");
            await _first.Http.WarmUpAsync();
            await _second.Http.WarmUpAsync();
        }

        public async ValueTask DisposeAsync()
        {
            if (_second is not null) await _second.DisposeAsync();
            if (_first is not null) await _first.DisposeAsync();
            _directory.Dispose();
        }
    }
}
