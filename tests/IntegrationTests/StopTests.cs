using System.Net;
using System.Text.RegularExpressions;
using IntegrationTests.Infrastructure;

namespace IntegrationTests;

/// <summary>A program that is asked to end finishes what it has begun.</summary>
public sealed partial class StopTests
{
    [Theory]
    [InlineData(StopSignal.Interrupt)]
    [InlineData(StopSignal.Terminate)]
    public async Task Stop_RequestsInFlight_AnswersThemAndEndsWithZero(StopSignal signal)
    {
        using var directory = new TestDirectory();
        await using var server = await ServerProcess.StartTestServerAsync(
            $"--Inference:DataDirectory={directory.File("data")}", $"--Inference:ModelRepository:Path={directory.CopySlow()}", "--Inference:Models:Threads=1");

        var inFlight = Enumerable.Range(1, 3).Select(user => PredictAsync(server.Http, user)).ToArray();
        await server.WaitForLinesAsync(Run());
        var exitCode = await server.StopAsync(signal);

        Assert.Equal(0, exitCode);
        Assert.All(await Task.WhenAll(inFlight), status => Assert.True(status is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable, $"{status}"));
        Assert.DoesNotContain("fail:", server.Output, StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> PredictAsync(HttpClient http, int user) =>
        (await http.PostJsonAsync("/predict", $$"""{"user_id": {{user}}, "x": 1, "iterations": 500}""")).Status;

    [GeneratedRegex("^run on thread")]
    private static partial Regex Run();
}
