using System.Text.Json.Nodes;
using IntegrationTests.Infrastructure;
using OrleansInference;

namespace IntegrationTests.Serving;

/// <summary>A model made of others answers as if its caller had called them one after the other.</summary>
public sealed class EnsembleTests : IDisposable
{
    private const string Chain = """
        {
          "ensemble": {
            "steps": [
              { "model": "sum",   "inputs": { "a": "scaled", "b": "shifted" }, "outputs": { "y": "out" } },
              { "model": "shift", "inputs": { "x": "scaled" }, "outputs": { "y": "shifted" } },
              { "model": "scale", "inputs": { "x": "raw" }, "outputs": { "y": "scaled" } }
            ],
            "outputs": [ "out", "shifted" ]
          }
        }
        """;

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Ensemble_OfThree_EqualsTheThreeCallsInSequence()
    {
        _directory.CopyTestModels("scale", "shift", "sum");
        WriteEnsemble("chain", Chain);
        await using var server = await StartAsync();
        var random = new Random(11);

        await Parallel.ForAsync(0, 200, TestContext.Current.CancellationToken, async (i, stop) =>
        {
            var rows = 1 + i % 17;
            float[] values = [.. Enumerable.Range(0, 4 * rows).Select(_ => Next(random))];

            var outputs = (await server.Client.InferAsync("chain", new InferenceRequest { Inputs = [Floats.Tensor("raw", [rows, 4], values)] }, stop)).Outputs;

            var (sum, shifted) = await InSequenceAsync(server.Client, rows, values);
            Assert.Equal(["out", "shifted"], outputs.Select(output => output.Name));
            Assert.Equal(sum.Data, outputs[0].Data);
            Assert.Equal(shifted.Data, outputs[1].Data);
        });
    }

    [Fact]
    public async Task Ensemble_Described_HasTheTensorsOfItsSteps()
    {
        _directory.CopyTestModels("scale", "shift", "sum");
        WriteEnsemble("chain", Chain);
        await using var server = await StartAsync();

        var description = await server.Client.GetModelAsync("chain");

        Assert.Equal(("ensemble", 1), (description.Platform, description.Version));
        Assert.Equal([1], description.Versions);
        Assert.Equal(("raw", TensorDatatype.FP32), (Assert.Single(description.Inputs).Name, description.Inputs[0].Datatype));
        Assert.Equal([-1, 4], description.Inputs[0].Shape);
        Assert.Equal(["out", "shifted"], description.Outputs.Select(output => output.Name));
        Assert.Contains((await server.Client.ListModelsAsync()), entry => entry is { Name: "chain", Version: 1, State: ModelState.Ready });
    }

    [Fact]
    public async Task Ensemble_OverRest_AnswersLikeAnyModel()
    {
        _directory.CopyTestModels("scale", "shift", "sum");
        WriteEnsemble("chain", Chain);
        await using var server = await StartAsync();

        using var request = new StringContent("""{"inputs": [{"name": "raw", "datatype": "FP32", "shape": [1, 4], "data": [1, 2, 3, 4]}]}""", mediaType: new("application/json"));
        var response = await server.Http.PostAsync("/v2/models/chain/infer", request, TestContext.Current.CancellationToken);

        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.True(response.IsSuccessStatusCode, body.ToJsonString());
        Assert.Equal([7, 11, 15, 19], body["outputs"]![0]!["data"]!.AsArray().Select(value => (int)(double)value!));
    }

    [Fact]
    public async Task Ensemble_StepFails_NamesTheStep()
    {
        _directory.CopyTestModels("versioned", "fails-on");
        WriteEnsemble("risky", """
            { "ensemble": { "steps": [ { "model": "versioned", "version": 3, "inputs": { "x": "raw" }, "outputs": { "y": "more" } },
                                       { "model": "fails-on", "inputs": { "x": "more" }, "outputs": { "y": "out" } } ],
                            "outputs": [ "out" ] } }
            """);
        await using var server = await StartAsync();

        var good = await server.Client.InferAsync("risky", Raw(5), TestContext.Current.CancellationToken);
        var failure = await Assert.ThrowsAsync<InferenceException>(() => server.Client.InferAsync("risky", Raw(7), TestContext.Current.CancellationToken));

        Assert.Equal(8, good.First());
        Assert.Equal(InferenceErrorCode.ModelFailed, failure.Code);
        Assert.StartsWith("In ensemble risky, steps[1] (model fails-on): ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ensemble_StepsModelIsSwappedUnderLoad_FailsNoRequest()
    {
        _directory.CopyTestModels("versioned");
        WriteEnsemble("follows", """
            { "ensemble": { "steps": [ { "model": "versioned", "inputs": { "x": "raw" }, "outputs": { "y": "out" } } ], "outputs": [ "out" ] } }
            """);
        await using var server = await StartAsync();
        using var enough = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 8).Select(_ => Task.Run(() => CallAsync(server.Client, enough.Token))).ToArray();

        for (var version = 4; version < 14; version++)
        {
            TestModels.AddVersion(_directory.File("models"), version);
            await server.Client.LoadModelAsync("versioned");
        }

        var last = await server.Client.InferAsync("follows", Raw(100), TestContext.Current.CancellationToken);
        await enough.CancelAsync();
        Assert.All(await Task.WhenAll(callers), answers => Assert.All(answers, answer => Assert.InRange(answer, 103, 113)));
        Assert.Equal(113, last.First());
    }

    [Fact]
    public async Task Ensemble_StepNoLongerFits_IsNotReadyAndSaysWhyUntilItDoes()
    {
        _directory.CopyTestModels("versioned");
        WriteEnsemble("follows", """
            { "ensemble": { "steps": [ { "model": "versioned", "inputs": { "x": "raw" }, "outputs": { "y": "out" } } ], "outputs": [ "out" ] } }
            """);
        await using var server = await StartAsync();
        var newest = Directory.CreateDirectory(Path.Combine(_directory.File("models"), "versioned", "9"));
        File.Copy(Path.Combine(Repository.TestModels, "sum", "1", "model.onnx"), Path.Combine(newest.FullName, "model.onnx"));
        await server.Client.LoadModelAsync("versioned");

        var ready = await server.Http.GetAsync("/v2/models/follows/ready", TestContext.Current.CancellationToken);
        var failure = await Assert.ThrowsAsync<InferenceException>(() => server.Client.InferAsync("follows", Raw(5), TestContext.Current.CancellationToken));

        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Contains(
            await server.Client.ListModelsAsync(),
            entry => entry is { Name: "follows", State: ModelState.Unavailable } && entry.Reason.Contains("model versioned has no input 'x'", StringComparison.Ordinal));
        Assert.Equal(InferenceErrorCode.NotReady, failure.Code);
        Assert.Contains("model versioned has no input 'x'", failure.Message, StringComparison.Ordinal);
        newest.Delete(recursive: true);
        await server.Client.LoadModelAsync("versioned");
        Assert.Equal(8, (await server.Client.InferAsync("follows", Raw(5), TestContext.Current.CancellationToken)).First());
    }

    [Fact]
    public async Task Ensemble_CallerLeaves_ReachesTheStepThatRuns()
    {
        _directory.CopyTestModels("slow");
        WriteEnsemble("waits", """
            { "ensemble": { "steps": [ { "model": "slow", "inputs": { "x": "raw", "iterations": "long" }, "outputs": { "y": "out" } } ], "outputs": [ "out" ] } }
            """);
        await using var server = await StartAsync();
        using var left = new CancellationTokenSource();
        var request = new InferenceRequest { Inputs = [Floats.Tensor("raw", [1, 1], 1), Floats.Tensor("long", [1, 1], 1_000_000)] };
        var call = server.Client.InferAsync("waits", request, left.Token);

        await left.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));

        // A thread that still ran it for its quarter of an hour would not answer this.
        await server.Client.InferAsync("slow", Floats.Slow(1), TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("""{ "model": "nope", "inputs": { "x": "raw" }, "outputs": { "y": "out" } }""", "model.json:1: ensemble.steps[0].model: There is no model 'nope'. Add it, or name one of: one, scale.")]
    [InlineData("""{ "model": "scale", "inputs": { "q": "raw" }, "outputs": { "y": "out" } }""", "model.json:1: ensemble.steps[0].inputs.q: model scale has no input 'q'. Its inputs: x.")]
    public async Task Ensemble_Broken_StopsTheStartAndSaysWhere(string step, string fault)
    {
        _directory.CopyTestModels("scale");
        WriteEnsemble("one", $$"""{ "ensemble": { "steps": [ {{step}} ], "outputs": [ "out" ] } }""");

        var failure = await Assert.ThrowsAnyAsync<Exception>(StartAsync);

        Assert.Contains(fault, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ensemble_TwoThatNameEachOther_StopTheStartAndSayTheWay()
    {
        _directory.CopyTestModels("scale");
        WriteEnsemble("one", Calling("two"));
        WriteEnsemble("two", Calling("one"));

        var failure = await Assert.ThrowsAnyAsync<Exception>(StartAsync);

        Assert.Contains("ensemble.steps[0].model: the ensemble comes back to itself: one → two → one. Take one of these steps out.", failure.Message, StringComparison.Ordinal);
    }

    private static string Calling(string model) =>
        $$"""{ "ensemble": { "steps": [ { "model": "{{model}}", "inputs": { "raw": "raw" }, "outputs": { "out": "out" } } ], "outputs": [ "out" ] } }""";

    private static InferenceRequest Raw(float value) => new() { Inputs = [Floats.Tensor("raw", [1, 1], value)] };

    private static float Next(Random random)
    {
        lock (random) return (float)(random.NextDouble() - 0.5) * 1000;
    }

    private static async Task<(Tensor Sum, Tensor Shifted)> InSequenceAsync(IInferenceClient client, int rows, float[] values)
    {
        var scaled = (await client.InferAsync("scale", Floats.X([rows, 4], values))).Outputs[0];
        var shifted = (await client.InferAsync("shift", new InferenceRequest { Inputs = [scaled with { Name = "x" }] })).Outputs[0];
        var sum = (await client.InferAsync("sum", new InferenceRequest { Inputs = [scaled with { Name = "a" }, shifted with { Name = "b" }] })).Outputs[0];
        return (sum, shifted);
    }

    private static async Task<List<float>> CallAsync(IInferenceClient client, CancellationToken enough)
    {
        var answers = new List<float>();
        while (!enough.IsCancellationRequested) answers.Add((await client.InferAsync("follows", Raw(100), CancellationToken.None)).First());
        return answers;
    }

    private void WriteEnsemble(string name, string manifest)
    {
        Directory.CreateDirectory(Path.Combine(_directory.File("models"), name));
        TestModels.WriteManifest(_directory.File("models"), name, manifest);
    }

    private Task<InProcessServer> StartAsync() => InProcessServer.StartAsync(
        _directory, [$"Inference:ModelRepository:Path={_directory.File("models")}", "Inference:ModelRepository:PollInterval=00:00:00"]);
}
