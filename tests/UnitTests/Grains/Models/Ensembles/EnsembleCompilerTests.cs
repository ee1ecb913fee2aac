using OrleansInference;
using OrleansInference.Grains;
using OrleansInference.Grains.Models.Ensembles;
using UnitTests.Fakes;

namespace UnitTests.Grains.Models.Ensembles;

public sealed class EnsembleCompilerTests
{
    private readonly FakeStepModels _models = new FakeStepModels()
        .With("scale", x => x)
        .With("score", x => x)
        .With("join", FakeStepModels.Metadata([FakeStepModels.Float("a"), FakeStepModels.Float("b")], [FakeStepModels.Float("y"), FakeStepModels.Float("z", -1, 2)]))
        .With("words", FakeStepModels.Metadata([new TensorMetadata("x", TensorDatatype.BYTES, [-1, 1])], [FakeStepModels.Float("y", -1, 8)]), maxBatchSize: 0);

    [Fact]
    public async Task Compile_Chain_TakesWhatNobodyMakesAndOrdersTheStepsByTheirTensors()
    {
        var plan = await Compile("""
            { "steps": [ { "model": "score", "inputs": { "x": "scaled" }, "outputs": { "y": "probability" } },
                         { "model": "scale", "version": 1, "inputs": { "x": "raw" }, "outputs": { "y": "scaled" } } ],
              "outputs": [ "probability" ] }
            """);

        Assert.Equal(["raw"], plan.Metadata.Inputs.Select(input => input.Name));
        Assert.Equal(["probability"], plan.Metadata.Outputs.Select(output => output.Name));
        Assert.Equal([-1, 1], plan.Metadata.Inputs[0].Shape);
        Assert.Equal(["steps[1]", "steps[0]"], plan.Steps.Select(step => step.Key));
        Assert.Equal(["1", null], plan.Steps.Select(step => step.Version));
        Assert.Equal([[], [0]], plan.Steps.Select(step => step.Producers.ToArray()));
        Assert.Equal(64, plan.MaxBatchSize);
    }

    [Fact]
    public async Task Compile_TensorThatSeveralTake_HasTheShapeThatFitsAll()
    {
        _models.With("wide", FakeStepModels.Metadata([FakeStepModels.Float("x", -1, -1)], [FakeStepModels.Float("y")]));

        var plan = await Compile("""
            { "steps": [ { "model": "wide", "inputs": { "x": "raw" }, "outputs": { "y": "one" } },
                         { "model": "scale", "inputs": { "x": "raw" }, "outputs": { "y": "two" } } ],
              "outputs": [ "two", "one" ] }
            """);

        Assert.Equal([-1, 1], Assert.Single(plan.Metadata.Inputs).Shape);
        Assert.Equal(["two", "one"], plan.Metadata.Outputs.Select(output => output.Name));
    }

    [Fact]
    public async Task Compile_AModelThatJoinsNoRequests_MakesOneThatJoinsNone()
    {
        var plan = await Compile("""{ "steps": [ { "model": "words", "inputs": { "x": "raw" }, "outputs": { "y": "out" } } ], "outputs": [ "out" ] }""");

        Assert.Equal(0, plan.MaxBatchSize);
        Assert.Equal(TensorDatatype.BYTES, plan.Metadata.Inputs[0].Datatype);
    }

    [Fact]
    public async Task Compile_VersionByLabel_IsKept()
    {
        var plan = await Compile("""{ "steps": [ { "model": "scale", "version": "stable", "inputs": { "x": "raw" }, "outputs": { "y": "out" } } ], "outputs": [ "out" ] }""");

        Assert.Equal("stable", plan.Steps[0].Version);
    }

    [Theory]
    [InlineData(
        """{ "model": "nope", "inputs": { "x": "raw" }, "outputs": { "y": "out" } }""",
        "model.json:2: ensemble.steps[0].model: There is no 'nope/'. Served here: join, scale, score, words.")]
    [InlineData(
        """{ "model": "scale", "version": 7, "inputs": { "x": "raw" }, "outputs": { "y": "out" } }""",
        "model.json:2: ensemble.steps[0].model: There is no 'scale/7'. Served here: join, scale, score, words.")]
    [InlineData(
        """{ "model": "scale", "version": true, "inputs": { "x": "raw" }, "outputs": { "y": "out" } }""",
        "model.json:2: ensemble.steps[0].version: the value must be an integer or a label. Correct it, or remove it for the model's default.")]
    [InlineData(
        """{ "model": "both", "inputs": { "x": "raw" }, "outputs": { "y": "out" } }""",
        "model.json:2: ensemble.steps[0].model: the ensemble names itself. Name another model.")]
    [InlineData(
        """{ "model": "scale", "inputs": { "x": "raw", "w": "more" }, "outputs": { "y": "out" } }""",
        "model.json:2: ensemble.steps[0].inputs.w: model scale has no input 'w'. Its inputs: x.")]
    [InlineData(
        """{ "model": "join", "inputs": { "a": "raw" }, "outputs": { "y": "out" } }""",
        "model.json:2: ensemble.steps[0].inputs: input 'b' of model join has no tensor. Add \"b\": \"<tensor>\".")]
    [InlineData(
        """{ "model": "scale", "inputs": { "x": "raw" }, "outputs": { "y": "out", "w": "more" } }""",
        "model.json:2: ensemble.steps[0].outputs.w: model scale has no output 'w'. Its outputs: y.")]
    [InlineData(
        """{ "model": "scale", "inputs": { "x": "raw" }, "outputs": { "y": "out" } }, { "model": "score", "inputs": { "x": "raw" }, "outputs": { } }""",
        "model.json:2: ensemble.steps[1].outputs: the step makes no tensor. Name one of the outputs of score: y.")]
    [InlineData(
        """{ "model": "scale", "inputs": { "x": "raw" }, "outputs": { "y": "out" } }, { "model": "score", "inputs": { "x": "raw" }, "outputs": { "y": "out" } }""",
        "model.json:2: ensemble.steps[1].outputs.y: 'out' is made twice, by ensemble.steps[0] too. Rename one of the two.")]
    [InlineData(
        """{ "model": "words", "inputs": { "x": "raw" }, "outputs": { "y": "embedding" } }, { "model": "scale", "inputs": { "x": "embedding" }, "outputs": { "y": "out" } }""",
        "model.json:2: ensemble.steps[1].inputs.x: 'embedding' is FP32 [-1, 8] at words, but FP32 [-1, 1] at scale. Connect tensors of one datatype and shape (-1 is any size).")]
    [InlineData(
        """{ "model": "scale", "inputs": { "x": "embedding" }, "outputs": { "y": "out" } }, { "model": "words", "inputs": { "x": "raw" }, "outputs": { "y": "embedding" } }""",
        "model.json:2: ensemble.steps[0].inputs.x: 'embedding' is FP32 [-1, 8] at words, but FP32 [-1, 1] at scale. Connect tensors of one datatype and shape (-1 is any size).")]
    [InlineData(
        """{ "model": "scale", "inputs": { "x": "raw" }, "outputs": { "y": "out" } }, { "model": "words", "inputs": { "x": "raw" }, "outputs": { "y": "embedding" } }""",
        "model.json:2: ensemble.steps[1].inputs.x: 'raw' is FP32 [-1, 1] at scale, but BYTES [-1, 1] at words. Connect tensors of one datatype and shape (-1 is any size).")]
    [InlineData(
        """{ "model": "scale", "inputs": { "x": "b" }, "outputs": { "y": "out" } }, { "model": "score", "inputs": { "x": "out" }, "outputs": { "y": "b" } }""",
        "model.json:2: ensemble.steps: the tensors of steps[0] (scale), steps[1] (score) go in a circle, so no step can begin. Let one take a tensor that is there before.")]
    [InlineData(
        """{ "model": "scale", "inputs": { "x": "out" }, "outputs": { "y": "out" } }""",
        "model.json:2: ensemble.steps: the tensors of steps[0] (scale) go in a circle, so no step can begin. Let one take a tensor that is there before.")]
    public async Task Compile_BrokenStep_SaysWhereAndWhatWouldBeRight(string steps, string fault)
    {
        var failure = await Assert.ThrowsAsync<InferenceStartupException>(() => Compile($"{{\n\"steps\": [ {steps} ],\n\"outputs\": [ \"out\" ] }}"));

        Assert.Contains(fault, failure.Message.Split(Environment.NewLine));
    }

    [Theory]
    [InlineData("""[ "raw" ]""", "model.json:3: ensemble.outputs[0]: no step makes 'raw'. Name one of: out.")]
    [InlineData("""[ "out", "out" ]""", "model.json:3: ensemble.outputs[1]: 'out' stands twice. Remove one.")]
    [InlineData("[ ]", "model.json:3: ensemble.outputs: there is no output. Name a tensor that a step makes.")]
    public async Task Compile_BrokenOutputs_SaysWhereAndWhatWouldBeRight(string outputs, string fault)
    {
        const string Step = """{ "model": "scale", "inputs": { "x": "raw" }, "outputs": { "y": "out" } }""";

        var failure = await Assert.ThrowsAsync<InferenceStartupException>(() => Compile($"{{\n\"steps\": [ {Step} ],\n\"outputs\": {outputs} }}"));

        Assert.Equal(fault, failure.Message);
    }

    [Fact]
    public async Task Compile_EnsemblesThatComeBackToThisOne_SaysTheWay()
    {
        _models.WithSteps("scale", "score", "outer").WithSteps("outer", "outer", "both");

        var failure = await Assert.ThrowsAsync<InferenceStartupException>(
            () => Compile("""{ "steps": [ { "model": "scale", "inputs": { "x": "raw" }, "outputs": { "y": "out" } } ], "outputs": [ "out" ] }"""));

        Assert.Contains("ensemble.steps[0].model: the ensemble comes back to itself: both → scale → outer → both. Take one of these steps out.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compile_EnsembleOfAnEnsemble_IsFine()
    {
        _models.WithSteps("scale", "score");

        var plan = await Compile("""{ "steps": [ { "model": "scale", "inputs": { "x": "raw" }, "outputs": { "y": "out" } } ], "outputs": [ "out" ] }""");

        Assert.Single(plan.Steps);
    }

    [Fact]
    public async Task Compile_OutputOfABrokenStep_IsNotASecondFault()
    {
        var failure = await Assert.ThrowsAsync<InferenceStartupException>(
            () => Compile("""{ "steps": [ { "model": "nope", "inputs": { "x": "raw" }, "outputs": { "y": "out" } } ], "outputs": [ "out" ] }"""));

        Assert.Equal("model.json:1: ensemble.steps[0].model: There is no 'nope/'. Served here: join, scale, score, words.", failure.Message);
    }

    [Fact]
    public async Task Compile_NoSteps_IsAFault()
    {
        var failure = await Assert.ThrowsAsync<InferenceStartupException>(() => Compile("""{ "steps": [ ], "outputs": [ "out" ] }"""));

        Assert.Contains("model.json:1: ensemble.steps: there is no step. Add one.", failure.Message, StringComparison.Ordinal);
    }

    private Task<EnsemblePlan> Compile(string ensemble) => EnsembleBuilder.CompileAsync(_models, ensemble);
}
