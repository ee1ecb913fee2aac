extern alias bench;

using bench::OrleansInference.SideBySide.Load;
using IntegrationTests.Grpc;

namespace IntegrationTests.Benchmarks;

/// <summary>The load generator's own gRPC, against the running program.</summary>
public sealed class GrpcExchangeTests(ModelServer models) : IClassFixture<ModelServer>
{
    // live = true
    private static readonly byte[] Live = [0x08, 0x01];

    [Fact]
    public async Task CallAsync_ManyCallsOfOneConnection_AreEachAnswered()
    {
        using var exchange = await ConnectAsync("ServerLive", []);

        for (var call = 0; call < 1_000; call++)
        {
            Assert.True(await exchange.CallAsync(TestContext.Current.CancellationToken));
            Assert.Equal(Live, exchange.Message.ToArray());
        }
    }

    [Fact]
    public async Task CallAsync_RequestThatIsRefused_IsNotOk()
    {
        using var exchange = await ConnectAsync("ModelInfer", []);

        Assert.False(await exchange.CallAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ConnectAsync_MessageLargerThanAFrame_IsRefused() =>
        await Assert.ThrowsAsync<ArgumentException>(() => ConnectAsync("ModelInfer", new byte[16 * 1024]));

    private Task<GrpcExchange> ConnectAsync(string method, byte[] message) =>
        GrpcExchange.ConnectAsync(models.Server.Program.GrpcAddress.Port, $"/inference.GRPCInferenceService/{method}", message, TestContext.Current.CancellationToken);
}
