using IntegrationTests.Grpc;
using IntegrationTests.Infrastructure;
using IntegrationTests.Serving.Differential;
using OrleansInference;
using OrleansInference.Api.Grpc.OpenInference.Wire;

namespace IntegrationTests.Serving;

/// <summary>One data plane under six ways to ask it: the same question has the same answer, to the last bit, whichever way it goes.</summary>
public sealed class DifferentialTests
{
    private const int Requests = 1_000;
    private const int Seed = 20260401;

    private static readonly string[] TestModels =
    [
        "identity-bool", "identity-uint8", "identity-uint16", "identity-uint32", "identity-uint64", "identity-int8", "identity-int16", "identity-int32", "identity-int64",
        "identity-fp16", "identity-fp32", "identity-fp64", "identity-bf16", "identity-bytes",
        "variable", "several", "vector", "no-batch", "scalar", "scale", "shift", "sum", "mlp-256", "versioned",
    ];

    [Fact]
    public async Task Infer_RandomRequests_AnswerTheSameOnEveryWire()
    {
        var directory = new TestDirectory();
        await DemoData.CopyToAsync(directory.File("data"));
        var models = directory.CopyModels(Repository.Models, "fraud", "tutorial");
        directory.CopyTestModels(TestModels);
        var gateway = FreePort.Find();
        await using var server = await InProcessServer.StartAsync(
            directory, ["Inference:Demo=true", $"Inference:ModelRepository:Path={models}", $"Inference:Silo:GatewayPort={gateway}"]);
        await using var outside = await GatewayClient.ConnectAsync(gateway);
        using var channel = GrpcServer.Connect(server.GrpcAddress);
        var grpc = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        var inProcess = new ClientWire("in process", server.Client);
        IWire[] wires =
        [
            new ClientWire("gateway", outside.Client),
            new RestWire(server.Http, binary: false),
            new RestWire(server.Http, binary: true),
            new GrpcWire(grpc, raw: true),
            new GrpcWire(grpc, raw: false),
        ];

        var requests = new RandomRequests(Seed, await DescribeAsync(server.Client));
        var outcomes = new Dictionary<string, int>();
        for (var i = 0; i < Requests; i++)
        {
            var request = requests.Next();
            var expected = await inProcess.AskAsync(request);
            foreach (var wire in wires.Where(wire => request.Inputs.All(input => wire.CanCarry(input.Datatype))))
            {
                var actual = await wire.AskAsync(request);
                Assert.True(expected == actual, $"request {i}, {wire.Name}: {request}\nin process: {expected.Told}\n{wire.Name}: {actual.Told}");
            }

            var kind = expected.Told.Split(' ')[0];
            outcomes[kind] = outcomes.GetValueOrDefault(kind) + 1;
        }

        // The questions were worth asking.
        Assert.InRange(outcomes["version"], Requests * 8 / 10, Requests - 20);
        Assert.InRange(outcomes[nameof(InferenceErrorCode.InvalidInput)], 10, Requests / 5);
        Assert.True(outcomes.ContainsKey(nameof(InferenceErrorCode.NotFound)));
    }

    private static async Task<List<ModelDescription>> DescribeAsync(IInferenceClient client)
    {
        var models = new List<ModelDescription>();
        foreach (var model in TestModels.Prepend("tutorial").Prepend("fraud")) models.Add(await client.GetModelAsync(model));
        return models;
    }
}
