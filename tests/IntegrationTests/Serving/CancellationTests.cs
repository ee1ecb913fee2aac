using System.Text.RegularExpressions;
using IntegrationTests.Infrastructure;
using OrleansInference;

namespace IntegrationTests.Serving;

/// <summary>Work that nobody waits for any more stops where it runs, however the caller came.</summary>
/// <remarks>
/// Only the callee's side can show it: a caller that cancels always sees its call cancelled. The work would last for an hour, on
/// the server's only inference thread.
/// </remarks>
public sealed partial class CancellationTests : IAsyncLifetime
{
    private const int AnHour = 4_000_000;

    private readonly TestDirectory _directory = new();
    private readonly int _gateway = FreePort.Find();
    private ServerProcess? _server;

    private HttpClient Http => _server!.Http;

    public async ValueTask InitializeAsync() => _server = await ServerProcess.StartTestServerAsync(
        $"--Inference:DataDirectory={_directory.File("data")}",
        $"--Inference:ModelRepository:Path={_directory.CopySlow()}",
        $"--Inference:Silo:GatewayPort={_gateway}",
        "--Inference:Models:Threads=1");

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Infer_CancelledThroughGrain_StopsTheRun()
    {
        await using var gateway = await GatewayClient.ConnectAsync(_gateway);

        await AssertCancellingStopsTheRunAsync(leave => gateway.Client.InferAsync("slow", Floats.Slow(AnHour), leave));

        Assert.Equal(1, (await gateway.Client.InferAsync("slow", Floats.Slow(1), TestContext.Current.CancellationToken)).First());
    }

    [Fact]
    public Task Infer_RestConnectionAborted_StopsTheRun() => AssertCancellingStopsTheRunAsync(leave => PostAsync("/v2/models/slow/infer", $$"""
        {"inputs": [
            {"name": "x", "datatype": "FP32", "shape": [1, 1], "data": [1]},
            {"name": "iterations", "datatype": "FP32", "shape": [1, 1], "data": [{{AnHour}}]}]}
        """, leave));

    [Fact]
    public Task Predict_RestConnectionAborted_StopsTheRun() => AssertCancellingStopsTheRunAsync(leave =>
        PostAsync("/predict", $$"""{"user_id": 1, "x": 1, "iterations": {{AnHour}}}""", leave));

    private async Task AssertCancellingStopsTheRunAsync(Func<CancellationToken, Task> call)
    {
        using var leave = new CancellationTokenSource();
        var runs = Run().Count(_server!.Output);
        var called = call(leave.Token);
        await _server.WaitForLinesAsync(Run(), runs + 1);

        await leave.CancelAsync();

        await _server.WaitForLinesAsync(RunCancelled());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => called);
    }

    private async Task PostAsync(string path, string json, CancellationToken leave)
    {
        using var body = new StringContent(json, mediaType: new("application/json"));
        using var response = await Http.PostAsync(path, body, leave);
    }

    [GeneratedRegex("^run on thread", RegexOptions.Multiline)]
    private static partial Regex Run();

    [GeneratedRegex("^run was cancelled")]
    private static partial Regex RunCancelled();
}
