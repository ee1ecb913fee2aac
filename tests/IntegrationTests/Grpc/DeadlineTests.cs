using System.Text.RegularExpressions;
using Grpc.Core;
using Grpc.Net.Client;
using IntegrationTests.Infrastructure;
using OrleansInference.Api.Grpc.OpenInference.Wire;

namespace IntegrationTests.Grpc;

/// <summary>A caller's time over gRPC, seen from the callee's side: a caller that leaves always sees its call end.</summary>
/// <remarks>The server has one inference thread; the work that holds it would last for an hour.</remarks>
public sealed partial class DeadlineTests : IAsyncLifetime
{
    private const string ModelInfer = "/inference.GRPCInferenceService/ModelInfer";
    private const int AnHour = 4_000_000;

    private readonly TestDirectory _directory = new();
    private ServerProcess? _server;
    private GrpcChannel? _channel;

    private GRPCInferenceService.GRPCInferenceServiceClient Client => new(_channel);

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.StartTestServerAsync(
            $"--Inference:DataDirectory={_directory.File("data")}",
            $"--Inference:ModelRepository:Path={_directory.CopySlow()}",
            "--Inference:Models:Threads=1");
        _channel = GrpcServer.Connect(_server.GrpcAddress!);
    }

    public async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        await _server!.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task ModelInfer_Cancelled_StopsTheRun()
    {
        using var leave = new CancellationTokenSource();
        var called = await HoldTheThreadAsync(leave.Token);

        await leave.CancelAsync();

        await _server!.WaitForLinesAsync(RunCancelled());
        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => called)).StatusCode);
        await AssertAnswersAsync();
    }

    [Fact]
    public async Task ModelStreamInfer_Cancelled_StopsTheRun()
    {
        using var leave = new CancellationTokenSource();
        using var stream = Client.ModelStreamInfer(cancellationToken: leave.Token);
        var runs = CountRuns();
        await stream.RequestStream.WriteAsync(Slow(AnHour), TestContext.Current.CancellationToken);
        await _server!.WaitForLinesAsync(Run(), runs + 1);

        await leave.CancelAsync();

        await _server.WaitForLinesAsync(RunCancelled());
        await AssertAnswersAsync();
    }

    [Fact]
    public async Task ModelInfer_DeadlineWhileRunning_StopsTheRun()
    {
        // Warm, so that the run begins long before its time is up, however busy the machine.
        await AssertAnswersAsync();
        var runs = CountRuns();
        var called = Client.ModelInferAsync(Slow(AnHour), deadline: DateTime.UtcNow.AddSeconds(8), cancellationToken: TestContext.Current.CancellationToken).ResponseAsync;
        await _server!.WaitForLinesAsync(Run(), runs + 1);

        var fault = await Assert.ThrowsAsync<RpcException>(() => called);

        Assert.Equal(StatusCode.DeadlineExceeded, fault.StatusCode);
        await _server.WaitForLinesAsync(RunCancelled());
        await AssertAnswersAsync();
    }

    [Fact]
    public async Task ModelInfer_DeadlineOfOneMillisecond_IsExceededAndNotExecuted()
    {
        using var leave = new CancellationTokenSource();
        var held = await HoldTheThreadAsync(leave.Token);
        var runs = CountRuns();

        // By hand: a client of one's own would give up before it asks.
        for (var i = 0; i < 5; i++)
            Assert.Equal((int)StatusCode.DeadlineExceeded, (await RawCall.SendAsync(_server!.GrpcAddress!, ModelInfer, Slow(1), ("grpc-timeout", "1m"))).Status);

        // One more run only, of the call that is not late: what was before it in the queue did not run.
        await leave.CancelAsync();
        await Assert.ThrowsAsync<RpcException>(() => held);
        await AssertAnswersAsync();
        Assert.Equal(runs + 1, CountRuns());
    }

    [Fact]
    public async Task ModelInfer_TimeoutParameter_IsADeadlineToo()
    {
        using var leave = new CancellationTokenSource();
        var held = await HoldTheThreadAsync(leave.Token);
        var runs = CountRuns();

        var request = Slow(1);
        request.Parameters.Add("timeout", new InferParameter { Int64Param = 1_000 });
        var fault = await Assert.ThrowsAsync<RpcException>(async () => await Client.ModelInferAsync(request, cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal(StatusCode.DeadlineExceeded, fault.StatusCode);
        await leave.CancelAsync();
        await Assert.ThrowsAsync<RpcException>(() => held);
        await AssertAnswersAsync();
        Assert.Equal(runs + 1, CountRuns());
    }

    private async Task<Task> HoldTheThreadAsync(CancellationToken leave)
    {
        var runs = CountRuns();
        var called = Client.ModelInferAsync(Slow(AnHour), cancellationToken: leave).ResponseAsync;
        await _server!.WaitForLinesAsync(Run(), runs + 1);
        return called;
    }

    private async Task AssertAnswersAsync() =>
        Assert.Equal(1, (await Client.ModelInferAsync(Slow(1), cancellationToken: TestContext.Current.CancellationToken)).Outputs[0].Contents.Fp32Contents[0]);

    private int CountRuns() => Run().Count(_server!.Output);

    private static ModelInferRequest Slow(float iterations) => new()
    {
        ModelName = "slow",
        Inputs = { Scalar("x", 1), Scalar("iterations", iterations) },
    };

    private static ModelInferRequest.Types.InferInputTensor Scalar(string name, float value) =>
        new() { Name = name, Datatype = "FP32", Shape = { 1, 1 }, Contents = new InferTensorContents { Fp32Contents = { value } } };

    [GeneratedRegex("^run on thread", RegexOptions.Multiline)]
    private static partial Regex Run();

    [GeneratedRegex("^run was cancelled")]
    private static partial Regex RunCancelled();
}
