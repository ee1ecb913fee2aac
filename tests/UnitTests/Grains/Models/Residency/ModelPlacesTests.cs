using OrleansInference;
using OrleansInference.Grains;
using UnitTests.Fakes;

namespace UnitTests.Grains.Models.Residency;

/// <summary>Models that come into memory when somebody asks, and the limit on how many are there.</summary>
public sealed class ModelPlacesTests
{
    [Fact]
    public async Task Start_WithALimit_LoadsOnlyTheDefaultModel()
    {
        using var silo = new SiloModels(limit: 2);
        Put(silo, 1_000);

        await silo.StartAsync();

        Assert.Empty(silo.Versions.Made);
        Assert.Equal(1_000, silo.Index.List().Count);
        Assert.All(silo.Index.List(), entry => Assert.StartsWith("It is not in memory; its first request loads it", entry.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Infer_OverTheLimit_EvictsTheOneThatWasLongestUnused()
    {
        using var silo = await StartAsync(limit: 2, models: 3);

        await InferAsync(silo, "m0", "m1", "m0", "m2");

        Assert.Equal(["m0", "m2"], InMemory(silo));
        Assert.Equal(2, silo.Versions.MostResident);
        Assert.Equal(1, (await silo.InferAsync("m1")).Version);
    }

    [Fact]
    public async Task Infer_ColdModelAskedByMany_LoadsItOnce()
    {
        using var silo = await StartAsync(limit: 2, models: 1);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => silo.InferAsync("m0"))));

        Assert.Single(silo.Versions.Made);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Infer_ManyColdModelsAtOnce_AnswersAllAndNeverPassesTheLimit(int limit)
    {
        using var silo = await StartAsync(limit, models: 20);

        var answers = await Task.WhenAll(Enumerable.Range(0, 400).Select(i => Task.Run(() => silo.InferAsync($"m{i * 7 % 20}"))));

        Assert.All(answers, answer => Assert.Equal(1, answer.Version));
        Assert.Equal(limit, silo.Versions.MostResident);
        Assert.True(InMemory(silo).Length <= limit);
    }

    [Fact]
    public async Task Infer_PlaceHeldByARequest_WaitsForItsEnd()
    {
        using var silo = await StartAsync(limit: 1, models: 2);
        var held = await silo.Catalog.AcquireAsync("m0", null, CancellationToken.None);

        var waiting = Task.Run(() => silo.InferAsync("m1"), TestContext.Current.CancellationToken);
        await silo.Versions.Made[0].Retired;
        await held.InferAsync(new InferenceRequest { Inputs = [] }, CancellationToken.None);
        Assert.Single(silo.Versions.Made);
        held.Release();

        Assert.Equal(1, (await waiting).Version);
        Assert.Equal(1, silo.Versions.MostResident);
    }

    [Fact]
    public async Task Infer_NoPlaceWithinTheCallersTime_IsDeadlineExceeded()
    {
        using var silo = await StartAsync(limit: 1, models: 2);
        var held = await silo.Catalog.AcquireAsync("m0", null, CancellationToken.None);

        var waiting = silo.Catalog.AcquireAsync("m1", TimeSpan.FromSeconds(2), CancellationToken.None).AsTask();
        await silo.Versions.Made[0].Retired;
        silo.Time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(InferenceErrorCode.DeadlineExceeded, (await Assert.ThrowsAsync<InferenceException>(() => waiting)).Code);
        held.Release();
    }

    [Fact]
    public async Task Infer_LoadLongerThanTheCallersTime_IsDeadlineExceededThenAndTheLoadGoesOnForTheNext()
    {
        using var silo = await StartAsync(limit: 1, models: 1);
        using var gate = new Gate();
        silo.Versions.OnLoad = (_, _) => gate.Pass(CancellationToken.None);
        var waiting = silo.Catalog.AcquireAsync("m0", TimeSpan.FromSeconds(2), CancellationToken.None).AsTask();
        await gate.Reached;

        silo.Time.Advance(TimeSpan.FromSeconds(2));
        var failure = await Assert.ThrowsAsync<InferenceException>(() => waiting.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));

        Assert.Equal(InferenceErrorCode.DeadlineExceeded, failure.Code);
        Assert.Equal("The time was up before model m0 was in memory. It is loaded all the same: ask again, or allow more.", failure.Message);
        gate.Open();
        Assert.Equal(1, (await silo.InferAsync("m0")).Version);
        Assert.Single(silo.Versions.Made);
    }

    [Fact]
    public async Task Infer_NoPlaceForLong_IsNotReadyAndNamesTheSetting()
    {
        using var silo = await StartAsync(limit: 1, models: 2);
        var held = await silo.Catalog.AcquireAsync("m0", null, CancellationToken.None);

        var waiting = silo.Catalog.AcquireAsync("m1", null, CancellationToken.None).AsTask();
        await silo.Versions.Made[0].Retired;
        silo.Time.Advance(TimeSpan.FromSeconds(25));
        var failure = await Assert.ThrowsAsync<InferenceException>(() => waiting);

        Assert.Equal(InferenceErrorCode.NotReady, failure.Code);
        Assert.Contains("Inference:Models:MaxLoadedModels", failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.RetryAfter);
        held.Release();
    }

    [Fact]
    public async Task Infer_CallerLeavesWhileItLoads_LoadsForTheNextOne()
    {
        using var silo = await StartAsync(limit: 1, models: 1);
        using var gate = new Gate();
        silo.Versions.OnLoad = (_, _) => gate.Pass(CancellationToken.None);
        using var leave = new CancellationTokenSource();

        var waiting = silo.Catalog.AcquireAsync("m0", null, leave.Token).AsTask();
        await gate.Reached;
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        gate.Open();

        Assert.Equal(1, (await silo.InferAsync("m0")).Version);
        Assert.Single(silo.Versions.Made);
    }

    [Fact]
    public async Task Infer_ColdModelBroken_IsNotReadyWithTheReasonAndGivesItsPlaceBack()
    {
        using var silo = await StartAsync(limit: 1, models: 2);
        silo.Versions.OnLoad = (model, _) =>
        {
            if (model == "m0") throw new InferenceStartupException("broken");
        };

        Assert.Equal((InferenceErrorCode.NotReady, "Model m0 cannot be loaded: broken"), ((await silo.InferFailsAsync("m0")).Code, (await silo.InferFailsAsync("m0")).Message));
        Assert.Equal(0, silo.Places.Taken);
        Assert.Equal(1, (await silo.InferAsync("m1")).Version);
    }

    [Fact]
    public async Task Infer_ColdModelMended_IsLoadedAfterTheNextLooks()
    {
        using var silo = await StartAsync(limit: 1, models: 1);
        silo.Versions.OnLoad = (_, _) => throw new InferenceStartupException("broken");
        await silo.InferFailsAsync("m0");
        silo.Versions.OnLoad = (_, _) => { };

        silo.Repository.Put("m0", [1], edition: 1);
        await silo.LookTwiceAsync();

        Assert.Equal(1, (await silo.InferAsync("m0")).Version);
    }

    [Fact]
    public async Task Look_RepositoryEmptyWhileNothingIsInMemory_ForgetsNothing()
    {
        using var silo = await StartAsync(limit: 1, models: 1);
        silo.Repository.Remove("m0");
        await silo.LookTwiceAsync();
        Assert.Equal(InferenceErrorCode.NotReady, (await silo.InferFailsAsync("m0")).Code);

        silo.Repository.Put("m0", [1]);
        await silo.LookTwiceAsync();

        Assert.Equal(1, (await silo.InferAsync("m0")).Version);
    }

    [Fact]
    public async Task Infer_RemovedBeforeTheWaitersSeeItLoaded_IsNotFound()
    {
        using var silo = await StartAsync(limit: 1, models: 2);
        using var load = new Gate();
        using var turn = new Gate();
        using var enough = new CancellationTokenSource();
        silo.Versions.OnLoad = (_, _) => load.Pass(CancellationToken.None);
        var turns = new TaskFactory(new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler);
        var waiting = turns.StartNew(() => silo.Catalog.AcquireAsync("m0", null, enough.Token).AsTask(), TestContext.Current.CancellationToken).Unwrap();
        await load.Reached;

        // The caller's grain is busy while the load ends and the model goes.
        var busy = turns.StartNew(() => turn.Pass(CancellationToken.None), TestContext.Current.CancellationToken);
        await turn.Reached;
        silo.Repository.Remove("m0");
        var looking = silo.Watcher.LookAsync();
        load.Open();
        await looking.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        turn.Open();
        await busy;
        enough.CancelAfter(Gate.Patience);

        var failure = await Assert.ThrowsAsync<InferenceException>(() => waiting);

        Assert.Equal((InferenceErrorCode.NotFound, "There is no model 'm0'. Served here: m1."), (failure.Code, failure.Message));
    }

    private static async Task<SiloModels> StartAsync(int limit, int models)
    {
        var silo = new SiloModels(limit);
        Put(silo, models);
        return await silo.StartAsync();
    }

    private static void Put(SiloModels silo, int models)
    {
        for (var i = 0; i < models; i++) silo.Repository.Put($"m{i}", [1]);
    }

    private static async Task InferAsync(SiloModels silo, params string[] models)
    {
        foreach (var model in models)
        {
            await silo.InferAsync(model);
            silo.Time.Advance(TimeSpan.FromMilliseconds(1));
        }
    }

    private static string[] InMemory(SiloModels silo) => [.. silo.Entries.All.Where(entry => entry.Current is not null).Select(entry => entry.Name).Order()];
}
