using Grpc.Core;
using IntegrationTests.OpenInference;
using OrleansInference.Api.Grpc.OpenInference.Wire;

namespace IntegrationTests.Grpc;

/// <summary>The extensions that Triton's clients and dashboards use.</summary>
public sealed class ExtensionTests(ModelServer models) : IClassFixture<ModelServer>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private GRPCInferenceService.GRPCInferenceServiceClient Client => models.Server.Inference;

    [Fact]
    public async Task RepositoryIndex_Asked_ListsTheVersions()
    {
        var index = await Client.RepositoryIndexAsync(new RepositoryIndexRequest { Ready = true }, cancellationToken: Cancellation);

        var identity = Assert.Single(index.Models, model => model.Name == "identity");
        Assert.Equal(("1", "READY", ""), (identity.Version, identity.State, identity.Reason));
        Assert.Contains(index.Models, model => model.Name == "versioned");
    }

    [Fact]
    public async Task RepositoryModelLoad_KnownModel_Answers() =>
        Assert.NotNull(await Client.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "scale" }, cancellationToken: Cancellation));

    [Theory]
    [InlineData("config")]
    [InlineData("file:1/model.onnx")]
    public async Task RepositoryModelLoad_ParameterThatWouldChangeTheModel_IsRefusedAsOverRest(string parameter)
    {
        var load = new RepositoryModelLoadRequest { ModelName = "scale", Parameters = { [parameter] = new ModelRepositoryParameter { StringParam = "{}" } } };
        var unload = new RepositoryModelUnloadRequest { ModelName = "scale", Parameters = { load.Parameters } };

        var loading = await Assert.ThrowsAsync<RpcException>(async () => await Client.RepositoryModelLoadAsync(load, cancellationToken: Cancellation));
        var unloading = await Assert.ThrowsAsync<RpcException>(async () => await Client.RepositoryModelUnloadAsync(unload, cancellationToken: Cancellation));
        using var rest = await models.Server.Program.Http.PostAsync(
            "/v2/repository/models/scale/load", new StringContent($$$"""{"parameters": {"{{{parameter}}}": "{}"}}""", mediaType: new("application/json")), Cancellation);

        Assert.All([loading, unloading], fault => Assert.Equal(StatusCode.InvalidArgument, fault.StatusCode));
        var told = await rest.ReadErrorAsync(System.Net.HttpStatusCode.BadRequest);
        Assert.Equal((told, told), (loading.Status.Detail, unloading.Status.Detail));
        Assert.StartsWith($"parameter '{parameter}' would change the model", told, StringComparison.Ordinal);
        Assert.True((await Client.ModelReadyAsync(new ModelReadyRequest { Name = "scale" }, cancellationToken: Cancellation)).Ready);
    }

    [Fact]
    public async Task RepositoryModelLoad_ParameterThatChangesNothing_IsTaken()
    {
        var request = new RepositoryModelLoadRequest { ModelName = "scale", Parameters = { ["hint"] = new ModelRepositoryParameter { Int64Param = 1 } } };

        Assert.NotNull(await Client.RepositoryModelLoadAsync(request, cancellationToken: Cancellation));
    }

    [Theory]
    [InlineData("../etc")]
    [InlineData("")]
    public async Task RepositoryModelLoad_NoName_IsNotFound(string name)
    {
        var load = await Assert.ThrowsAsync<RpcException>(async () => await Client.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = name }, cancellationToken: Cancellation));
        var unload = await Assert.ThrowsAsync<RpcException>(async () => await Client.RepositoryModelUnloadAsync(new RepositoryModelUnloadRequest { ModelName = name }, cancellationToken: Cancellation));

        Assert.Equal((StatusCode.NotFound, StatusCode.NotFound), (load.StatusCode, unload.StatusCode));
    }

    [Fact]
    public async Task ModelStatistics_ByNameAndVersion_AreOfThatVersion()
    {
        await Client.ModelInferAsync(Requests.Typed("identity", 4, 1, 2, 3, 4), cancellationToken: Cancellation);

        var statistics = await Client.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "identity", Version = "1" }, cancellationToken: Cancellation);

        var identity = Assert.Single(statistics.ModelStats);
        Assert.Equal(("identity", "1"), (identity.Name, identity.Version));
        Assert.NotNull(identity.InferenceStats.Success);
    }

    [Fact]
    public async Task ModelStatistics_OfAll_ListEveryModel()
    {
        var statistics = await Client.ModelStatisticsAsync(new ModelStatisticsRequest(), cancellationToken: Cancellation);

        Assert.Superset(new HashSet<string> { "identity", "variable" }, statistics.ModelStats.Select(model => model.Name).ToHashSet());
    }

    [Fact]
    public async Task ModelStatistics_UnknownModel_IsNotFound()
    {
        var fault = await Assert.ThrowsAsync<RpcException>(async () => await Client.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "nonesuch" }, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.NotFound, fault.StatusCode);
    }

    [Fact]
    public async Task ModelConfig_Asked_AgreesWithTheMetadata()
    {
        var metadata = await Client.ModelMetadataAsync(new ModelMetadataRequest { Name = "variable" }, cancellationToken: Cancellation);
        var config = (await Client.ModelConfigAsync(new ModelConfigRequest { Name = "variable" }, cancellationToken: Cancellation)).Config;

        Assert.Equal(("variable", metadata.Platform), (config.Name, config.Platform));
        var input = Assert.Single(config.Input);
        Assert.Equal(("x", DataType.TypeFp32), (input.Name, input.DataType));
        Assert.Equal(metadata.Inputs[0].Shape.Skip(config.MaxBatchSize > 0 ? 1 : 0), input.Dims);
        Assert.Equal(["y", "total"], config.Output.Select(output => output.Name));
    }

    [Fact]
    public async Task ModelStreamInfer_OneOfThreeFails_AnswersAllAndGoesOn()
    {
        using var stream = Client.ModelStreamInfer(cancellationToken: Cancellation);
        foreach (var (id, model) in new[] { ("a", "identity"), ("b", "nonesuch"), ("c", "identity") })
        {
            var request = Requests.Raw(model, 4, 1, 2, 3, 4);
            request.Id = id;
            await stream.RequestStream.WriteAsync(request, Cancellation);
        }

        await stream.RequestStream.CompleteAsync();
        var answers = await stream.ResponseStream.ReadAllAsync(Cancellation).ToDictionaryAsync(answer => answer.InferResponse.Id, cancellationToken: Cancellation);

        Assert.Equal(["a", "b", "c"], answers.Keys.Order());
        Assert.StartsWith("There is no model 'nonesuch'.", answers["b"].ErrorMessage, StringComparison.Ordinal);
        Assert.All(answers.Values.Where(answer => answer.InferResponse.Id is not "b"), answer =>
        {
            Assert.Equal("", answer.ErrorMessage);
            Assert.Equal([1f, 2f, 3f, 4f], Requests.Floats(answer.InferResponse.RawOutputContents[0]));
        });
    }
}
