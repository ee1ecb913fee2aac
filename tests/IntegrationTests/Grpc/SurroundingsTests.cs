using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1Alpha;
using IntegrationTests.Infrastructure;
using OrleansInference.Api.Grpc.OpenInference.Wire;

namespace IntegrationTests.Grpc;

/// <summary>What stands around the services: health, reflection, keys, host names, unknown methods, broken messages.</summary>
public sealed class SurroundingsTests(ModelServer models) : IClassFixture<ModelServer>
{
    private const string ServerLive = "/inference.GRPCInferenceService/ServerLive";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private GrpcServer Server => models.Server;

    [Theory]
    [InlineData("")]
    [InlineData("inference.GRPCInferenceService")]
    [InlineData("orleansinference.v1.Predictions")]
    public async Task Health_ServerIsReady_IsServing(string service)
    {
        var health = await new Health.HealthClient(Server.Channel).CheckAsync(new HealthCheckRequest { Service = service }, cancellationToken: Cancellation);

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
    }

    [Fact]
    public async Task Health_UnknownService_IsNotFound()
    {
        var fault = await Assert.ThrowsAsync<RpcException>(
            async () => await new Health.HealthClient(Server.Channel).CheckAsync(new HealthCheckRequest { Service = "nonesuch" }, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.NotFound, fault.StatusCode);
    }

    [Fact]
    public async Task Reflection_Asked_ListsTheServices()
    {
        var answer = await ReflectAsync(new ServerReflectionRequest { ListServices = "" });

        Assert.Superset(
            new HashSet<string> { "inference.GRPCInferenceService", "orleansinference.v1.Predictions", "grpc.health.v1.Health" },
            answer.ListServicesResponse.Service.Select(service => service.Name).ToHashSet());
    }

    [Fact]
    public async Task Reflection_AskedForAService_DescribesItsMessages()
    {
        var answer = await ReflectAsync(new ServerReflectionRequest { FileContainingSymbol = "inference.GRPCInferenceService" });

        var file = FileDescriptorProto.Parser.ParseFrom(Assert.Single(answer.FileDescriptorResponse.FileDescriptorProto));
        var request = file.MessageType.Single(message => message.Name == "ModelInferRequest");
        Assert.Equal(
            ["model_name=1", "model_version=2", "id=3", "parameters=4", "inputs=5", "outputs=6", "raw_input_contents=7"],
            request.Field.Select(field => $"{field.Name}={field.Number}"));
    }

    [Theory]
    [InlineData("/inference.GRPCInferenceService/Nonesuch")]
    [InlineData("/nonesuch.Service/Method")]
    public async Task Call_UnknownMethod_IsUnimplemented(string method) =>
        Assert.Equal((int)StatusCode.Unimplemented, (await RawCall.SendAsync(Server.Program.GrpcAddress, method, new ServerLiveRequest())).Status);

    [Fact]
    public async Task Call_ForeignHostName_IsRefused()
    {
        var (status, message) = await RawCall.SendAsync(Server.Program.GrpcAddress, ServerLive, new ServerLiveRequest(), ("host", "evil.example"));

        Assert.Equal((int)StatusCode.InvalidArgument, status);
        Assert.StartsWith("The host name 'evil.example' is not answered here", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_OfAForeignPage_IsRefused()
    {
        var (status, message) = await RawCall.SendAsync(Server.Program.GrpcAddress, ServerLive, new ServerLiveRequest(), ("origin", "https://evil.example"));

        Assert.Equal((int)StatusCode.PermissionDenied, status);
        Assert.StartsWith("The header Origin is 'https://evil.example'", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_BrokenMessage_IsInvalid()
    {
        var (status, message) = await RawCall.SendAsync(Server.Program.GrpcAddress, "/inference.GRPCInferenceService/ModelInfer", [0xFF, 0xFF, 0xFF]);

        Assert.Equal((int)StatusCode.InvalidArgument, status);
        Assert.DoesNotContain("at ", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ApiKey_Configured_IsAskedOfEveryCallButHealth()
    {
        await using var server = await GrpcServer.StartAsync(["identity"], ["Inference:Security:ApiKey=open sesame"]);
        var address = server.Program.GrpcAddress;

        foreach (var key in new[] { null, "", "open", "Open sesame" })
        {
            var fault = await Assert.ThrowsAsync<RpcException>(async () => await server.Inference.ServerMetadataAsync(new ServerMetadataRequest(), Key(key), cancellationToken: Cancellation));
            Assert.Equal((StatusCode.Unauthenticated, "This service asks for its API key. Send it in the header X-Api-Key."), (fault.StatusCode, fault.Status.Detail));
        }

        Assert.Equal("OrleansInference", (await server.Inference.ServerMetadataAsync(new ServerMetadataRequest(), Key("open sesame"), cancellationToken: Cancellation)).Name);
        Assert.True((await server.Inference.ServerLiveAsync(new ServerLiveRequest(), cancellationToken: Cancellation)).Live);
        Assert.Equal((int)StatusCode.OK, (await RawCall.SendAsync(address, "/grpc.health.v1.Health/Check", new HealthCheckRequest())).Status);
    }

    [Fact]
    public async Task ModelInfer_MoreThanTheLimit_IsExhausted()
    {
        await using var server = await GrpcServer.StartAsync(["identity"], ["Inference:OpenInference:MaxBodyBytes=10000"]);

        Assert.Single((await server.Inference.ModelInferAsync(Requests.Raw("identity", 4, new float[2000]), cancellationToken: Cancellation)).RawOutputContents);
        var fault = await Assert.ThrowsAsync<RpcException>(
            async () => await server.Inference.ModelInferAsync(Requests.Raw("identity", 4, new float[2500]), cancellationToken: Cancellation));

        Assert.Equal(
            (StatusCode.ResourceExhausted, "The message is larger than Inference:OpenInference:MaxBodyBytes = 10000 bytes. Send fewer rows, or raise the setting."),
            (fault.StatusCode, fault.Status.Detail));
        Assert.True((await server.Inference.ServerLiveAsync(new ServerLiveRequest(), cancellationToken: Cancellation)).Live);
    }

    [Fact]
    public async Task Call_OverTheRestPort_IsRefusedByItsProtocol()
    {
        using var channel = GrpcServer.Connect(Server.Program.Http.BaseAddress!);
        var fault = await Assert.ThrowsAsync<RpcException>(
            async () => await new GRPCInferenceService.GRPCInferenceServiceClient(channel).ServerLiveAsync(new ServerLiveRequest(), cancellationToken: Cancellation));

        Assert.NotEqual(StatusCode.OK, fault.StatusCode);
        Assert.Equal("live", (await Server.Program.Http.GetJsonAsync("/health/live")).GetProperty("status").GetString());
    }

    private static Metadata? Key(string? key) => key is null ? null : new Metadata { { "x-api-key", key } };

    private async Task<ServerReflectionResponse> ReflectAsync(ServerReflectionRequest request)
    {
        using var call = new ServerReflection.ServerReflectionClient(Server.Channel).ServerReflectionInfo(cancellationToken: Cancellation);
        await call.RequestStream.WriteAsync(request, Cancellation);
        await call.RequestStream.CompleteAsync();
        Assert.True(await call.ResponseStream.MoveNext(Cancellation));
        return call.ResponseStream.Current;
    }
}
