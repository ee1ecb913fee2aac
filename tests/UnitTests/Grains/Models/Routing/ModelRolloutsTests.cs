using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Models.Batching;
using OrleansInference.Grains.Models.Caching;
using OrleansInference.Grains.Models.Control;
using OrleansInference.Grains.Models.Manifest;
using OrleansInference.Grains.Models.Routing;
using UnitTests.Fakes;

namespace UnitTests.Grains.Models.Routing;

public sealed class ModelRolloutsTests
{
    private static readonly InferenceRequest Request = new() { Inputs = [Tensor.Create("x", TensorDatatype.FP32, [1, 1], [1f])], RoutingKey = "-!42" };
    private static readonly CanarySection Canary = new() { Version = 2, Percent = 100, MaxErrorRate = 0, MinRequests = 1 };

    private readonly FakeTimeProvider _time = new();
    private readonly FakeVersion[] _fakes = [new(1), new(2) { OnInfer = (request, _) => Task.FromResult(FakeVersion.Answer(request) with { Version = 2 }) }, new(3)];
    private readonly Dictionary<int, LoadedVersion> _versions;
    private readonly ModelRollouts _rollouts;
    private readonly TaskCompletionSource<(string, int, string)> _demoted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ModelRolloutsTests()
    {
        _versions = _fakes.ToDictionary(
            fake => fake.Version, fake => new LoadedVersion(new RolloutVersion("fraud", fake, fake, _time, FakeMeterFactory.Instruments), "", new BatchingOptions()));
        _rollouts = new ModelRollouts(
            (model, version, reason) =>
            {
                _demoted.TrySetResult((model, version, reason));
                return Task.CompletedTask;
            },
            _time,
            FakeMeterFactory.Instruments,
            NullLoggerFactory.Instance);
    }

    [Fact]
    public async Task Create_NothingInTheManifest_AnswersByTheDefault()
    {
        var model = Serve(new VersionsSection());

        var response = await model.InferAsync(Request, CancellationToken.None);

        Assert.Equal((1, ModelVariant.Default), (response.Version, response.Variant));
    }

    [Fact]
    public async Task Create_Canary_AnswersItsShare()
    {
        var model = Serve(new VersionsSection { Canary = Canary });

        var response = await model.InferAsync(Request, CancellationToken.None);

        Assert.Equal((2, ModelVariant.Canary), (response.Version, response.Variant));
    }

    [Fact]
    public async Task Create_CanaryReplayed_IsNotJudgedByIt()
    {
        var model = Serve(new VersionsSection { Canary = Canary });
        _fakes[1].OnInfer = (_, _) => Task.FromException<InferenceResponse>(new InferenceException(InferenceErrorCode.ModelFailed, "on purpose"));

        await Assert.ThrowsAsync<InferenceException>(() => ((RolloutVersion)model.Versions[2].Served).Unwatched.InferAsync(Request, CancellationToken.None));
        Assert.False(model.Rollout!.Canary!.Monitor.IsDemoted);

        await Assert.ThrowsAsync<InferenceException>(() => model.InferAsync(Request, CancellationToken.None));
        Assert.True(model.Rollout!.Canary!.Monitor.IsDemoted);
    }

    [Fact]
    public async Task Create_VersionAskedFor_IsPinnedWhateverTheShare()
    {
        var model = Serve(new VersionsSection { Canary = Canary });

        var response = await model.InferAsync(Request with { Version = "1" }, CancellationToken.None);

        Assert.Equal((1, ModelVariant.Pinned), (response.Version, response.Variant));
    }

    [Fact]
    public async Task Create_CanaryDemotedInTheCluster_AnswersByTheDefault()
    {
        var control = new ModelControlState { Epoch = 1, Demotions = [new ModelDemotion(2, DateTimeOffset.UnixEpoch, "on purpose")] };

        var model = Serve(new VersionsSection { Canary = Canary }, control: control);

        Assert.Equal(1, (await model.InferAsync(Request, CancellationToken.None)).Version);
    }

    [Fact]
    public async Task InferAsync_CanaryFails_TellsTheClusterAndAnswersByTheDefault()
    {
        var model = Serve(new VersionsSection { Canary = Canary });
        await FailAsync(model);

        var response = await model.InferAsync(Request, CancellationToken.None);

        Assert.Equal(1, response.Version);
        var (name, version, reason) = await _demoted.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(("fraud", 2), (name, version));
        Assert.StartsWith("1 of its last 1 requests failed", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_ManifestChangesBeforeTheDemotionIsStored_StaysDemoted()
    {
        var model = Serve(new VersionsSection { Canary = Canary });
        await FailAsync(model);

        var next = Serve(new VersionsSection { Canary = Canary with { Percent = 50 }, Labels = new Dictionary<string, int> { ["stable"] = 1 } }, previous: model);

        Assert.Equal(1, (await next.InferAsync(Request, CancellationToken.None)).Version);
    }

    [Fact]
    public async Task Create_LoadedAnewAfterItsDemotion_HasAnotherTry()
    {
        var model = Serve(new VersionsSection { Canary = Canary });
        await FailAsync(model);

        var next = Serve(new VersionsSection { Canary = Canary }, previous: model, control: new ModelControlState { Epoch = 2 });

        Assert.Equal(2, (await next.InferAsync(Request, CancellationToken.None)).Version);
    }

    [Fact]
    public void Create_SameCanary_GoesOnCountingWithAnotherShare()
    {
        var model = Serve(new VersionsSection { Canary = Canary });

        var next = Serve(new VersionsSection { Canary = Canary with { Percent = 50 } }, previous: model);

        Assert.Same(model.Rollout!.Canary!.Monitor, next.Rollout!.Canary!.Monitor);
    }

    [Fact]
    public void Create_OtherLimits_CountsAnew()
    {
        var model = Serve(new VersionsSection { Canary = Canary });

        var next = Serve(new VersionsSection { Canary = Canary with { MaxErrorRate = 0.5 } }, previous: model);

        Assert.NotSame(model.Rollout!.Canary!.Monitor, next.Rollout!.Canary!.Monitor);
    }

    [Fact]
    public async Task Create_SameCache_KeepsTheAnswers()
    {
        var model = Serve(new VersionsSection(), cache: new PredictionCacheOptions());
        await model.InferAsync(Request, CancellationToken.None);

        var next = Serve(new VersionsSection { Labels = new Dictionary<string, int> { ["stable"] = 1 } }, previous: model, cache: new PredictionCacheOptions());
        await next.InferAsync(Request, CancellationToken.None);

        Assert.Equal(1, _fakes[0].Runs);
        Assert.Equal(1, next.Versions[1].Served.Statistics.CacheHit.Count);
    }

    [Fact]
    public async Task Create_CacheTakenOut_RunsEachRequestAgain()
    {
        var model = Serve(new VersionsSection(), cache: new PredictionCacheOptions());
        await model.InferAsync(Request, CancellationToken.None);

        var next = Serve(new VersionsSection(), previous: model);
        await next.InferAsync(Request, CancellationToken.None);

        Assert.Equal(2, _fakes[0].Runs);
    }

    [Fact]
    public void Create_SameShadow_GoesOn()
    {
        var model = Serve(new VersionsSection { Shadow = new ShadowSection { Version = 3 } });

        var next = Serve(new VersionsSection { Shadow = new ShadowSection { Version = 3 } }, previous: model);

        Assert.Same(model.Rollout!.Shadow, next.Rollout!.Shadow);
        Assert.False(next.Rollout.Shadow!.Completion.IsCompleted);
    }

    [Fact]
    public async Task Create_ShadowTakenOut_EndsIt()
    {
        var model = Serve(new VersionsSection { Shadow = new ShadowSection { Version = 3 } });

        Serve(new VersionsSection(), previous: model);

        await model.Rollout!.Shadow!.Completion.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
    }

    private async Task FailAsync(ServedModel model)
    {
        var answer = _fakes[1].OnInfer;
        _fakes[1].OnInfer = (_, _) => Task.FromException<InferenceResponse>(new InferenceException(InferenceErrorCode.ModelFailed, "on purpose"));
        await Assert.ThrowsAsync<InferenceException>(() => model.InferAsync(Request, CancellationToken.None));
        _fakes[1].OnInfer = answer;
    }

    // As a swap does it.
    private ServedModel Serve(VersionsSection versions, ServedModel? previous = null, ModelControlState? control = null, PredictionCacheOptions? cache = null)
    {
        var model = new ServedModel
        {
            Name = "fraud",
            Manifest = new ModelManifest { Versions = versions },
            Plan = null,
            Versions = _versions,
            DefaultVersion = 1,
            Labels = new Dictionary<string, int>(),
            Batching = new BatchingOptions(),
            Control = control ?? new ModelControlState(),
        };
        model.Rollout = _rollouts.Create(model, previous, cache);
        model.Rollout.Enter();
        previous?.Rollout!.Leave(model.Rollout);
        return model;
    }
}
