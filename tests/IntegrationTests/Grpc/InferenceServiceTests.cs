using Grpc.Core;
using OrleansInference.Api.Grpc.OpenInference.Wire;

namespace IntegrationTests.Grpc;

/// <summary>The protocol's six calls over a real socket.</summary>
public sealed class InferenceServiceTests(ModelServer models) : IClassFixture<ModelServer>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private GRPCInferenceService.GRPCInferenceServiceClient Client => models.Server.Inference;

    [Fact]
    public async Task ServerLive_Running_IsLive() =>
        Assert.True((await Client.ServerLiveAsync(new ServerLiveRequest(), cancellationToken: Cancellation)).Live);

    [Fact]
    public async Task ServerReady_ModelsLoaded_IsReady() =>
        Assert.True((await Client.ServerReadyAsync(new ServerReadyRequest(), cancellationToken: Cancellation)).Ready);

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    public async Task ModelReady_LoadedModel_IsReady(string version) =>
        Assert.True((await Client.ModelReadyAsync(new ModelReadyRequest { Name = "identity", Version = version }, cancellationToken: Cancellation)).Ready);

    [Theory]
    [InlineData("nonesuch", "")]
    [InlineData("identity", "7")]
    [InlineData("../etc", "")]
    [InlineData("", "")]
    public async Task ModelReady_UnknownModelOrVersion_IsNotFound(string name, string version)
    {
        var fault = await Assert.ThrowsAsync<RpcException>(
            async () => await Client.ModelReadyAsync(new ModelReadyRequest { Name = name, Version = version }, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.NotFound, fault.StatusCode);
    }

    [Fact]
    public async Task ServerMetadata_Asked_NamesTheServerAndItsExtensions()
    {
        var server = await Client.ServerMetadataAsync(new ServerMetadataRequest(), cancellationToken: Cancellation);

        Assert.Equal("OrleansInference", server.Name);
        Assert.Matches(@"^\d+\.\d+\.\d+$", server.Version);
        Assert.Contains("model_repository", server.Extensions);
        Assert.Contains("statistics", server.Extensions);
    }

    [Fact]
    public async Task ModelMetadata_LoadedModel_NamesItsTensors()
    {
        var model = await Client.ModelMetadataAsync(new ModelMetadataRequest { Name = "identity" }, cancellationToken: Cancellation);

        Assert.Equal(("identity", "onnx_onnxv1"), (model.Name, model.Platform));
        Assert.Equal(["1"], model.Versions);
        var input = Assert.Single(model.Inputs);
        Assert.Equal(("x", "FP32"), (input.Name, input.Datatype));
        Assert.Equal(-1, input.Shape[0]);
        Assert.Equal("y", Assert.Single(model.Outputs).Name);
    }

    [Fact]
    public async Task ModelInfer_TypedRequest_AnswersTyped()
    {
        var request = Requests.Typed("identity", 4, 1, 2, 3, 4);
        request.Id = "ü-1";
        var answer = await Client.ModelInferAsync(request, cancellationToken: Cancellation);

        Assert.Equal(("identity", "1", "ü-1"), (answer.ModelName, answer.ModelVersion, answer.Id));
        var output = Assert.Single(answer.Outputs);
        Assert.Equal(("y", "FP32"), (output.Name, output.Datatype));
        Assert.Equal([1L, 4L], output.Shape);
        Assert.Equal([1f, 2f, 3f, 4f], output.Contents.Fp32Contents);
        Assert.Empty(answer.RawOutputContents);
    }

    [Fact]
    public async Task ModelInfer_RawRequest_AnswersRawAndTheSame()
    {
        float[] values = [1.5f, -0f, float.Epsilon, float.MaxValue, float.NegativeInfinity, 0.1f, 7f, 8f];
        var raw = await Client.ModelInferAsync(Requests.Raw("identity", 4, values), cancellationToken: Cancellation);
        var typed = await Client.ModelInferAsync(Requests.Typed("identity", 4, values), cancellationToken: Cancellation);

        Assert.Null(Assert.Single(raw.Outputs).Contents);
        Assert.Equal(values.Select(BitConverter.SingleToInt32Bits), Requests.Floats(Assert.Single(raw.RawOutputContents)).Select(BitConverter.SingleToInt32Bits));
        Assert.Equal(values.Select(BitConverter.SingleToInt32Bits), typed.Outputs[0].Contents.Fp32Contents.Select(BitConverter.SingleToInt32Bits));
    }
}
