using System.Net;
using System.Net.Sockets;
using IntegrationTests.Infrastructure;
using OrleansInference.Api;
using OrleansInference.Api.Grpc.OpenInference.Wire;
using OrleansInference.Grains;

namespace IntegrationTests.Grpc;

/// <summary>gRPC's port: who has it is told at the start, before anything is taken.</summary>
public sealed class PortTests : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly string _models;

    public PortTests() => _models = _directory.CopyTestModels("identity");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Start_PortTaken_NamesTheSettingAndTakesNothing()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;

        var run = await ServerProcess.RunApiToEndAsync(Settings("--urls=http://127.0.0.1:0", $"--Inference:Grpc:Port={port}"));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"Inference:Grpc:Port is {port}, but 'http://127.0.0.1:{port}' cannot be taken", run.Errors, StringComparison.Ordinal);
        Assert.Contains("0 for a free one, or -1 for no gRPC", run.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_directory.File("data")), "A refused start has taken the data directory.");
    }

    [Fact]
    public async Task Start_NoPort_NamesTheSetting()
    {
        var fault = await Assert.ThrowsAsync<InferenceStartupException>(() => ApiHost.BuildAsync(Settings("--urls=http://127.0.0.1:0", "--Inference:Grpc:Port=70000")));

        Assert.StartsWith("Inference:Grpc:Port is 70000, which is no port.", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_FreePort_IsPrintedAndAnswers()
    {
        await using var server = await ServerProcess.StartApiAsync(Settings());
        using var channel = GrpcServer.Connect(server.GrpcAddress!);

        Assert.NotEqual(0, server.GrpcAddress!.Port);
        Assert.True((await new GRPCInferenceService.GRPCInferenceServiceClient(channel).ServerLiveAsync(
            new ServerLiveRequest(), cancellationToken: TestContext.Current.CancellationToken)).Live);
        Assert.DoesNotContain("warn:", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_Off_ServesRestAlone()
    {
        await using var app = await ApiHost.BuildAsync(Settings("--urls=http://127.0.0.1:0", "--Inference:Grpc:Port=-1"));
        await app.StartAsync(TestContext.Current.CancellationToken);

        Assert.Single(ListenPlan.RestAddresses(app.Services));
        Assert.Empty(ListenPlan.GrpcAddresses(app.Services));
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    private string[] Settings(params string[] more) =>
        [$"--Inference:DataDirectory={_directory.File("data")}", $"--Inference:ModelRepository:Path={_models}", .. more];
}
