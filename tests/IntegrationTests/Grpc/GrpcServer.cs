using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using OrleansInference.Api.Grpc.OpenInference.Wire;
using OrleansInference.Api.Grpc.Predictions.Wire;

namespace IntegrationTests.Grpc;

/// <summary>The program with models of the tests, and clients of its gRPC services.</summary>
internal sealed class GrpcServer : IAsyncDisposable
{
    private readonly InProcessServer _server;

    private GrpcServer(InProcessServer server)
    {
        _server = server;
        Channel = Connect(server.GrpcAddress);
    }

    public GrpcChannel Channel { get; }

    public InProcessServer Program => _server;

    public GRPCInferenceService.GRPCInferenceServiceClient Inference => new(Channel);

    public Predictions.PredictionsClient Predictions => new(Channel);

    /// <summary>Starts the program with some of the tests' models, or with all that can be loaded.</summary>
    public static async Task<GrpcServer> StartAsync(IEnumerable<string> models, IEnumerable<string>? settings = null, Action<IServiceCollection>? configure = null)
    {
        var directory = new TestDirectory();
        var repository = directory.CopyModels(Repository.TestModels, [.. models]);
        return new GrpcServer(await InProcessServer.StartAsync(directory, [$"Inference:ModelRepository:Path={repository}", .. settings ?? []], configure));
    }

    public static GrpcServer Of(InProcessServer server) => new(server);

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await _server.DisposeAsync();
    }

    /// <summary>A client's connection that takes answers of any size.</summary>
    public static GrpcChannel Connect(Uri address) =>
        GrpcChannel.ForAddress(address, new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxSendMessageSize = null });
}
