using OrleansInference;
using OrleansInference.Grains;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Models.Control;
using UnitTests.Fakes;

namespace UnitTests.Grains.Models.Residency;

/// <summary>What a change of the repository does to requests, versions and memory.</summary>
public sealed class ModelSwapTests : IDisposable
{
    private readonly SiloModels _silo = new();

    public ModelSwapTests() => _silo.Repository.Put("m", [1]);

    public void Dispose() => _silo.Dispose();

    [Fact]
    public async Task Look_NewVersion_IsWarmBeforeItServes()
    {
        await _silo.StartAsync();
        var runsWhenServed = -1;
        _silo.Versions.OnMade = made => made.OnInfer = _ =>
        {
            if (_silo.Entries.Find("m")!.Current!.Versions.ContainsKey(2)) runsWhenServed = made.Runs;
            return Task.CompletedTask;
        };
        _silo.Repository.Put("m", [1, 2]);

        await _silo.LookTwiceAsync();
        var answer = await _silo.InferAsync("m");

        Assert.Equal((2, 2), (answer.Version, runsWhenServed));
    }

    [Fact]
    public async Task Look_FolderStillChanging_Waits()
    {
        await _silo.StartAsync();
        for (var edition = 1; edition < 5; edition++)
        {
            _silo.Repository.Put("m", [1], edition: edition);
            await _silo.Watcher.LookAsync();
        }

        Assert.Single(_silo.Versions.Made);
        await _silo.Watcher.LookAsync();
        Assert.Equal(2, _silo.Versions.Made.Count);
    }

    [Fact]
    public async Task Look_OnlyTheManifestChanged_KeepsTheSessions()
    {
        _silo.Repository.Put("m", [1, 2]);
        await _silo.StartAsync();

        _silo.Repository.Put("m", [1, 2], """{ "versions": { "default": 1, "labels": { "stable": 1 } } }""");
        await _silo.LookTwiceAsync();

        Assert.Equal((1, 1), ((await _silo.InferAsync("m")).Version, (await _silo.InferAsync("m", "stable")).Version));
        Assert.Equal(2, _silo.Versions.Made.Count);
        Assert.All(_silo.Versions.Made, version => Assert.False(version.IsFreed));
    }

    [Fact]
    public async Task Look_BatchingChanged_LoadsAnew()
    {
        await _silo.StartAsync();

        _silo.Repository.Put("m", [1], """{ "batching": { "maxBatchSize": 8 } }""");
        await _silo.LookTwiceAsync();
        await _silo.Versions.Made[0].Freed.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        Assert.Equal([64, 8], _silo.Versions.Made.Select(version => version.MaxBatchSize));
    }

    [Fact]
    public async Task Look_NothingChanged_LoadsNothing()
    {
        await _silo.StartAsync();
        await _silo.LookTwiceAsync();
        await _silo.LookTwiceAsync();

        Assert.Single(_silo.Versions.Made);
    }

    [Fact]
    public async Task Swap_RequestUnderWay_EndsOnItsVersionAndThenFreesIt()
    {
        await _silo.StartAsync();
        var held = await _silo.Catalog.AcquireAsync("m", null, CancellationToken.None);

        _silo.Repository.Put("m", [1], edition: 1);
        await _silo.LookTwiceAsync();
        var (old, next) = (_silo.Versions.Made[0], _silo.Versions.Made[1]);
        await held.InferAsync(new InferenceRequest { Inputs = [] }, CancellationToken.None);

        Assert.Equal((2, false), (old.Runs, old.IsFreed));
        held.Release();
        await old.Freed.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        Assert.False(next.IsFreed);
    }

    [Fact]
    public async Task Acquire_GenerationThatDrains_IsThatOne()
    {
        await _silo.StartAsync();
        var held = await _silo.Catalog.AcquireAsync("m", null, CancellationToken.None);
        _silo.Repository.Put("m", [2]);
        await _silo.LookTwiceAsync();

        var same = _silo.Catalog.Acquire("m", held.Generation);

        Assert.Same(held, same);
        Assert.Equal(2, (await _silo.InferAsync("m")).Version);
        same.Release();
        held.Release();
        await held.Drained.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        await _silo.Versions.Made[0].Freed.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(InferenceErrorCode.NotReady, Assert.Throws<InferenceException>(() => _silo.Catalog.Acquire("m", held.Generation)).Code);
    }

    [Fact]
    public async Task Acquire_GenerationOfARemovedModel_AnswersUntilItsHoldersHaveGone()
    {
        _silo.Repository.Put("n", [1]);
        await _silo.StartAsync();
        var held = await _silo.Catalog.AcquireAsync("m", null, CancellationToken.None);
        _silo.Repository.Remove("m");
        await _silo.LookTwiceAsync();

        _silo.Catalog.Acquire("m", held.Generation).Release();

        Assert.Equal(InferenceErrorCode.NotFound, (await _silo.InferFailsAsync("m")).Code);
        held.Release();
        await _silo.Versions.Made[0].Freed.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Swap_VersionKeptByOneStateAndLeftByTheNext_IsFreedWhenBothAreDrained()
    {
        await _silo.StartAsync();
        var first = await _silo.Catalog.AcquireAsync("m", null, CancellationToken.None);
        _silo.Repository.Put("m", [1, 2]);
        await _silo.LookTwiceAsync();
        _silo.Repository.Put("m", [2]);
        await _silo.LookTwiceAsync();

        var one = _silo.Versions.Made.Single(version => version.Version == 1);
        Assert.False(one.IsFreed);
        await first.InferAsync(new InferenceRequest { Inputs = [] }, CancellationToken.None);
        first.Release();
        await one.Freed.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Look_LoadFails_KeepsTheOldAndSaysWhy()
    {
        await _silo.StartAsync();
        _silo.Versions.OnLoad = (_, version) => throw new InferenceStartupException($"{version} is broken");

        _silo.Repository.Put("m", [1, 2]);
        await _silo.LookTwiceAsync();

        Assert.Equal(1, (await _silo.InferAsync("m")).Version);
        Assert.Equal(
            [new ModelIndexEntry("m", 1, ModelState.Ready, ""), new ModelIndexEntry("m", 2, ModelState.Unavailable, "2 is broken")],
            _silo.Index.List());
    }

    [Fact]
    public async Task Look_ManifestBroken_KeepsTheOldAndSaysWhyBesideIt()
    {
        await _silo.StartAsync();

        _silo.Repository.Put("m", [1], """{ "versions": { "default": 3 } }""");
        await _silo.LookTwiceAsync();

        var entry = Assert.Single(_silo.Index.List());
        Assert.Equal((1, ModelState.Ready), (entry.Version, entry.State));
        Assert.Contains("versions.default: there is no version 3.", entry.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Look_SecondVersionOfTwoFails_FreesTheFirst()
    {
        await _silo.StartAsync();
        _silo.Versions.OnLoad = (_, version) =>
        {
            if (version == 3) throw new InferenceStartupException("broken");
        };

        _silo.Repository.Put("m", [1, 2, 3]);
        await _silo.LookTwiceAsync();

        Assert.True(_silo.Versions.Made.Single(version => version.Version == 2).IsFreed);
        Assert.False(_silo.Versions.Made.Single(version => version.Version == 1).IsFreed);
    }

    [Fact]
    public async Task Look_FolderOfAFailedLoad_IsTriedAgainOnlyWhenItChanges()
    {
        await _silo.StartAsync();
        var loads = 0;
        _silo.Versions.OnLoad = (_, _) =>
        {
            if (++loads == 1) throw new InferenceStartupException("half a file");
        };

        _silo.Repository.Put("m", [1], edition: 1);
        await _silo.LookTwiceAsync();
        await _silo.LookTwiceAsync();
        Assert.Equal(1, loads);
        _silo.Repository.Put("m", [1], edition: 2);
        await _silo.LookTwiceAsync();

        Assert.Equal(2, loads);
        Assert.Equal("", Assert.Single(_silo.Index.List()).Reason);
    }

    [Fact]
    public async Task Load_WhateverItsOutcome_IsMeasured()
    {
        await _silo.StartAsync();
        _silo.Versions.OnLoad = (_, _) => throw new InferenceStartupException("broken");

        _silo.Repository.Put("m", [1], edition: 1);
        await _silo.LookTwiceAsync();

        Assert.Equal((1, 1), (_silo.Metrics.Count("inference.model.load.duration", "outcome", "ok"), _silo.Metrics.Count("inference.model.load.duration", "outcome", "failed")));
    }

    [Fact]
    public async Task Look_RepositoryUnreadable_ServesOn()
    {
        await _silo.StartAsync();

        _silo.Repository.Fault = "the share is away";
        await _silo.LookTwiceAsync();

        Assert.Equal(1, (await _silo.InferAsync("m")).Version);
    }

    [Fact]
    public async Task Look_RepositoryEmpty_ServesOnAndTellsOnceHowTheLastModelIsRemoved()
    {
        await _silo.StartAsync();

        _silo.Repository.Remove("m");
        await _silo.LookTwiceAsync();

        Assert.Equal(1, (await _silo.InferAsync("m")).Version);
        Assert.Equal(
            "The model repository cannot be read; what is loaded serves on: /models holds no model any more, as where a share is not mounted. "
            + "Bring the models back, or unload those that are to go: POST /v2/repository/models/{model}/unload.",
            Assert.Single(_silo.WatcherLog.Messages));
    }

    [Fact]
    public async Task Look_RepositoryEmptyAndBack_ServesWhatHasChanged()
    {
        await _silo.StartAsync();
        _silo.Repository.Remove("m");
        await _silo.LookTwiceAsync();

        _silo.Repository.Put("m", [2]);
        await _silo.LookTwiceAsync();

        Assert.Equal(2, (await _silo.InferAsync("m")).Version);
    }

    [Fact]
    public async Task Look_LastModelUnloadedAndItsFolderGone_IsRemoved()
    {
        await _silo.StartAsync();
        await _silo.Updater.ApplyAsync(_silo.Entries.Find("m")!, new ModelControlState { Epoch = 1, Unloaded = true }, read: false);

        _silo.Repository.Remove("m");
        await _silo.LookTwiceAsync();

        Assert.Equal("There is no model 'm'. Served here: (none).", (await _silo.InferFailsAsync("m")).Message);
        Assert.Empty(_silo.WatcherLog.Messages);
    }

    [Fact]
    public async Task Look_NewModel_IsServedAndRemovedAgain()
    {
        await _silo.StartAsync();
        _silo.Repository.Put("n", [3]);
        await _silo.LookTwiceAsync();
        await _silo.Watcher.LookAsync();
        var answer = await _silo.InferAsync("n");
        _silo.Repository.Remove("n");
        await _silo.Watcher.LookAsync();

        Assert.Equal(3, answer.Version);
        Assert.Equal("There is no model 'n'. Served here: m.", (await _silo.InferFailsAsync("n")).Message);
        await _silo.Versions.Made[^1].Freed.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(1, _silo.Places.Taken);
    }

    [Fact]
    public async Task Swap_ManyUnderLoad_FailsNoRequestAndFreesEverything()
    {
        await _silo.StartAsync();
        using var enough = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested) await _silo.InferAsync("m");
        })).ToArray();

        for (var edition = 1; edition <= 50; edition++)
        {
            _silo.Repository.Put("m", [edition % 3 + 1], edition: edition);
            await _silo.Updater.ReloadAsync(_silo.Entries.Find("m")!);
        }

        await enough.CancelAsync();
        await Task.WhenAll(callers);
        await Task.WhenAll(_silo.Versions.Made.SkipLast(1).Select(version => version.Freed.WaitAsync(Gate.Patience)));
        Assert.Equal(1, _silo.Versions.Resident);
    }

    [Fact]
    public async Task Apply_Unloaded_RetiresItAndSaysHowToLoadItAgain()
    {
        await _silo.StartAsync();

        await _silo.Updater.ApplyAsync(_silo.Entries.Find("m")!, new ModelControlState { Epoch = 1, Unloaded = true }, read: false);
        await _silo.LookTwiceAsync();
        var failure = await _silo.InferFailsAsync("m");

        Assert.Equal((InferenceErrorCode.NotReady, "Model m was unloaded. Load it again: POST /v2/repository/models/m/load."), (failure.Code, failure.Message));
        Assert.Equal([new ModelIndexEntry("m", 1, ModelState.Unavailable, "It was unloaded through the API.")], _silo.Index.List());
        await _silo.Versions.Made[0].Freed.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Start_UnloadedBefore_StaysUnloaded()
    {
        _silo.Controls["m"] = new ModelControlState { Epoch = 4, Unloaded = true };

        await _silo.StartAsync();

        Assert.Empty(_silo.Versions.Made);
        Assert.Equal(InferenceErrorCode.NotReady, (await _silo.InferFailsAsync("m")).Code);
    }

    [Fact]
    public async Task Apply_OlderEpoch_IsPassedOver()
    {
        _silo.Controls["m"] = new ModelControlState { Epoch = 4 };
        await _silo.StartAsync();

        await _silo.Updater.ApplyAsync(_silo.Entries.Find("m")!, new ModelControlState { Epoch = 3, Unloaded = true }, read: false);

        Assert.Equal(1, (await _silo.InferAsync("m")).Version);
    }

    [Fact]
    public async Task Apply_Demotion_TakesTheCanaryAwayAndKeepsTheSessions()
    {
        _silo.Repository.Put("m", [1, 2], """{ "versions": { "canary": { "version": 2, "percent": 10 } } }""");
        await _silo.StartAsync();
        var canary = Held().Canary;

        await _silo.Updater.ApplyAsync(_silo.Entries.Find("m")!, new ModelControlState { Epoch = 1, Demotions = [new ModelDemotion(2, default, "slow")] }, read: false);

        Assert.Equal((2, 10), (canary!.Version, canary.Percent));
        Assert.Null(Held().Canary);
        Assert.Equal((2, 2), (_silo.Versions.Made.Count, _silo.Versions.Resident));
        Assert.Equal(2, (await _silo.InferAsync("m", "2")).Version);
    }

    [Fact]
    public async Task Apply_CanaryPercent_StandsInForTheManifests()
    {
        _silo.Controls["m"] = new ModelControlState { Epoch = 1, CanaryPercent = 25 };
        _silo.Repository.Put("m", [1, 2], """{ "versions": { "canary": { "version": 2, "percent": 10 } } }""");

        await _silo.StartAsync();

        Assert.Equal(25, Held().Canary!.Percent);
    }

    [Fact]
    public async Task Infer_VersionNotServed_NamesWhatIs()
    {
        _silo.Repository.Put("m", [1, 2], """{ "versions": { "labels": { "stable": 1 } } }""");
        await _silo.StartAsync();

        var failure = await _silo.InferFailsAsync("m", "9");

        Assert.Equal((InferenceErrorCode.NotFound, "Model m has no version '9'. It serves: 1, 2, stable."), (failure.Code, failure.Message));
        Assert.Equal(ModelVariant.Pinned, (await _silo.InferAsync("m", "stable")).Variant);
    }

    private ServedModel Held() => _silo.Entries.Find("m")!.Current!;
}
