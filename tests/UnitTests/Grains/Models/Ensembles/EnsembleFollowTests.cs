using OrleansInference;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Models.Control;
using OrleansInference.Grains.Models.Sessions;
using UnitTests.Fakes;
using UnitTests.Grains.Models.Residency;

namespace UnitTests.Grains.Models.Ensembles;

/// <summary>An ensemble serves what its steps' models are now, or says why it cannot.</summary>
public sealed class EnsembleFollowTests : IDisposable
{
    private SiloModels _silo = new();

    public void Dispose() => _silo.Dispose();

    [Fact]
    public async Task Look_StepHasOtherTensors_PlansTheEnsembleForThem()
    {
        await StartAsync();
        Give("step", columns: 3);

        await ChangeAsync("step", edition: 1);

        Assert.Equal([-1, 3], Ensemble.Version(null).Served.Metadata.Inputs[0].Shape);
    }

    [Fact]
    public async Task Look_StepNoLongerFits_IsNotReadyAndSaysWhyUntilItFitsAgain()
    {
        await StartAsync();
        Give("step", input: "other");
        await ChangeAsync("step", edition: 1);

        var failure = await _silo.InferFailsAsync("both");

        Assert.Equal(InferenceErrorCode.NotReady, failure.Code);
        Assert.Contains("ensemble.steps[0].inputs.x: model step has no input 'x'. Its inputs: other.", failure.Message, StringComparison.Ordinal);
        Assert.Contains(_silo.Index.List(), entry => entry is { Name: "both", State: ModelState.Unavailable } && entry.Reason.Contains("has no input 'x'", StringComparison.Ordinal));
        Give("step");
        await ChangeAsync("step", edition: 2);
        Assert.Equal(2f, await AnswerAsync());
    }

    [Fact]
    public async Task Apply_StepUnloaded_IsNotReadyUntilItIsLoaded()
    {
        await StartAsync();
        var step = _silo.Entries.Find("step")!;
        await ApplyAsync(new ModelControlState { Epoch = 1, Unloaded = true }, read: false);

        var failure = await _silo.InferFailsAsync("both");

        Assert.Equal(InferenceErrorCode.NotReady, failure.Code);
        Assert.Contains("Model step is not served: it was unloaded through the API. Load it first.", failure.Message, StringComparison.Ordinal);
        await ApplyAsync(new ModelControlState { Epoch = 2 }, read: true);
        Assert.NotNull(step.Current);
        Assert.Equal(2f, await AnswerAsync());
    }

    [Fact]
    public async Task Look_StepRemoved_IsNotReadyUntilItIsBack()
    {
        await StartAsync();
        _silo.Repository.Remove("step");
        await _silo.LookTwiceAsync();
        Assert.Contains("There is no model 'step'. Add it", (await _silo.InferFailsAsync("both")).Message, StringComparison.Ordinal);

        await ChangeAsync("step", edition: 1);

        Assert.Equal(2f, await AnswerAsync());
    }

    [Fact]
    public async Task Start_StepWasUnloaded_StartsAndSaysWhyTheEnsembleDoesNotServe()
    {
        _silo.Controls["step"] = new ModelControlState { Epoch = 1, Unloaded = true };

        await StartAsync();

        Assert.True(_silo.Startup.IsReady);
        Assert.Contains("it was unloaded through the API", (await _silo.InferFailsAsync("both")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Look_StepOfAnInnerEnsembleChanged_ReachesTheOuterOne()
    {
        _silo.Repository.Put("outer", [], Ensemble1("both", "raw", "out"));
        await StartAsync();
        Give("step", columns: 3);

        await ChangeAsync("step", edition: 1);

        Assert.Equal([-1, 3], _silo.Entries.Find("outer")!.Current!.Version(null).Served.Metadata.Inputs[0].Shape);
    }

    [Fact]
    public async Task Look_InnerEnsembleNoLongerFits_TheOuterOneSaysSoAndComesBackWithIt()
    {
        _silo.Repository.Put("outer", [], Ensemble1("both", "raw", "out"));
        await StartAsync();
        Give("step", input: "other");
        await ChangeAsync("step", edition: 1);

        var failure = await _silo.InferFailsAsync("outer");

        Assert.Contains("Model both cannot be loaded", failure.Message, StringComparison.Ordinal);
        Assert.Contains("model step has no input 'x'", failure.Message, StringComparison.Ordinal);
        Give("step");
        await ChangeAsync("step", edition: 2);
        Assert.Equal(2f, await AnswerAsync("outer", "raw"));
    }

    [Fact]
    public async Task Look_StepsManifestChangedAlone_KeepsThePlan()
    {
        await StartAsync();
        var planned = Ensemble;

        _silo.Repository.Put("step", [1], """{ "versions": { "labels": { "stable": 1 } } }""");
        await _silo.LookTwiceAsync();

        Assert.Same(planned, Ensemble);
    }

    [Fact]
    public async Task Look_StepHasANewVersion_ForgetsWhatTheEnsembleRemembered()
    {
        await StartAsync(cache: """, "cache": { "maxEntries": 10, "ttl": "00:10:00" }""");
        Assert.Equal(2f, await AnswerAsync());
        Give("step", factor: 5);

        await ChangeAsync("step", edition: 1);

        Assert.Equal(5f, await AnswerAsync());
    }

    [Fact]
    public async Task Look_StepChangedWhileTheManifestIsBroken_ServesTheManifestThatWasRead()
    {
        await StartAsync();
        _silo.Repository.Put("both", [], """{ "ensemble": 1 }""");
        await _silo.LookTwiceAsync();
        Give("step", factor: 5);

        await ChangeAsync("step", edition: 1);

        Assert.Equal(5f, await AnswerAsync());
    }

    [Fact]
    public async Task Infer_HeldFromBeforeStepsSwap_EndsOnWhatFits()
    {
        await StartAsync();
        var held = await _silo.Catalog.AcquireAsync("both", null, CancellationToken.None);
        Give("step", columns: -1, factor: 5);
        await ChangeAsync("step", edition: 1);

        var response = await held.InferAsync(Request("raw"), CancellationToken.None);

        Assert.Equal(5, response.Outputs[0].Elements<float>()[0]);
        held.Release();
    }

    [Fact]
    public async Task Infer_HeldFromBeforeStepsSwap_WhatDoesNotFitIsNotReadyAndMayBeRetried()
    {
        await StartAsync();
        var held = await _silo.Catalog.AcquireAsync("both", null, CancellationToken.None);
        Give("step", columns: 3);
        await ChangeAsync("step", edition: 1);

        var failure = await Assert.ThrowsAsync<InferenceException>(() => held.InferAsync(Request("raw"), CancellationToken.None));

        Assert.Equal((InferenceErrorCode.NotReady, TimeSpan.FromSeconds(1)), (failure.Code, failure.RetryAfter));
        Assert.Equal("In ensemble both, steps[0] (model step): step was loaded with other tensors meanwhile, and the ensemble is being planned for them. Retry.", failure.Message);
        held.Release();
    }

    [Fact]
    public async Task Infer_StepEvictedAndBack_KeepsThePlan()
    {
        Replace(new SiloModels(limit: 2));
        _silo.Repository.Put("third", [1]);
        await StartAsync();
        await AnswerAsync();
        var planned = Ensemble;
        _silo.Time.Advance(TimeSpan.FromMilliseconds(1));
        (await _silo.Catalog.AcquireAsync("both", null, CancellationToken.None)).Release();
        await _silo.InferAsync("third");
        Assert.Null(_silo.Entries.Find("step")!.Current);

        Assert.Equal(2f, await AnswerAsync());

        Assert.Same(planned, Ensemble);
    }

    [Fact]
    public async Task Infer_WithALimitStepIsBack_TriesAgain()
    {
        Replace(new SiloModels(limit: 2));
        await StartAsync();
        _silo.Repository.Remove("step");
        await _silo.LookTwiceAsync();
        Assert.Contains("There is no model 'step'", (await _silo.InferFailsAsync("both")).Message, StringComparison.Ordinal);

        await ChangeAsync("step", edition: 1);

        Assert.Equal(2f, await AnswerAsync());
    }

    [Fact]
    public async Task Look_StepSwappedUnderLoad_FailsNoRequestAndEndsOnTheNewOne()
    {
        await StartAsync();
        using var enough = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested) Assert.InRange(await AnswerAsync(), 2f, 21f);
        })).ToArray();

        for (var edition = 1; edition < 20; edition++)
        {
            Give("step", factor: 2 + edition);
            await ChangeAsync("step", edition);
            Assert.Equal(2f + edition, await AnswerAsync());
        }

        await enough.CancelAsync();
        await Task.WhenAll(callers);
    }

    private ServedModel Ensemble => _silo.Entries.Find("both")!.Current!;

    private static string Ensemble1(string model, string input, string output, string more = "") =>
        $$"""{ "ensemble": { "steps": [ { "model": "{{model}}", "inputs": { "{{input}}": "raw" }, "outputs": { "{{output}}": "out" } } ], "outputs": [ "out" ] }{{more}} }""";

    private static InferenceRequest Request(string input) => new() { Inputs = [Tensor.Create(input, TensorDatatype.FP32, [1, 1], [1f])] };

    private void Replace(SiloModels silo)
    {
        _silo.Dispose();
        _silo = silo;
    }

    private async Task StartAsync(string cache = "")
    {
        _silo.Repository.Put("step", [1]);
        _silo.Repository.Put("both", [], Ensemble1("step", "x", "y", cache));
        Give("step");
        await _silo.StartAsync();
    }

    // What versions of the model that are loaded from now on take, and by what they multiply.
    private void Give(string model, string input = "x", long columns = 1, float factor = 2) => _silo.Versions.OnMade = made =>
    {
        if (made.Model != model) return;
        made.Metadata = new ModelMetadata([FakeStepModels.Float(input, -1, columns)], [FakeStepModels.Float("y", -1, columns)]);
        made.OnAnswer = request => FakeStepModels.Answer(request, x => x * factor).Outputs;
    };

    private async Task ChangeAsync(string model, int edition)
    {
        _silo.Repository.Put(model, [1], edition: edition);
        await _silo.LookTwiceAsync();
    }

    private Task ApplyAsync(ModelControlState control, bool read)
    {
        _silo.Controls["step"] = control;
        return _silo.Updater.ApplyAsync(_silo.Entries.Find("step")!, control, read);
    }

    private async Task<float> AnswerAsync(string model = "both", string input = "raw")
    {
        var held = await _silo.Catalog.AcquireAsync(model, null, CancellationToken.None);
        try
        {
            return (await held.InferAsync(Request(input), CancellationToken.None)).Outputs[0].Elements<float>()[0];
        }
        finally
        {
            held.Release();
        }
    }
}
