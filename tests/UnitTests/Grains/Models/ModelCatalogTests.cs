using OrleansInference;
using OrleansInference.Grains;
using UnitTests.Fakes;
using UnitTests.Grains.Models.Residency;

namespace UnitTests.Grains.Models;

/// <summary>What requests find before, while and after the models of the start are loaded.</summary>
public sealed class ModelCatalogTests : IDisposable
{
    private readonly SiloModels _silo = new();
    private readonly Gate _gate = new();

    public void Dispose()
    {
        _gate.Dispose();
        _silo.Dispose();
    }

    [Fact]
    public async Task Acquire_Loaded_CompletesAtOnce()
    {
        _silo.Repository.Put("m", [1]);
        await _silo.StartAsync();

        var acquiring = _silo.Catalog.AcquireAsync("m", null, CancellationToken.None).AsTask();

        Assert.True(acquiring.IsCompletedSuccessfully);
        (await acquiring).Release();
    }

    [Fact]
    public async Task Acquire_WhileItLoads_IsNotReadyWithRetryAfter()
    {
        _silo.Repository.Put("m", [1]);
        _silo.Versions.OnLoad = (_, _) => _gate.Pass(CancellationToken.None);
        var starting = _silo.StartAsync();
        await _gate.Reached;

        var failure = await _silo.InferFailsAsync("m");

        Assert.Equal((InferenceErrorCode.NotReady, TimeSpan.FromSeconds(1)), (failure.Code, failure.RetryAfter));
        Assert.False(_silo.Startup.IsReady);
        Assert.Equal([new ModelIndexEntry("m", 1, ModelState.Loading, "It is being loaded.")], _silo.Index.List());
        _gate.Open();
        await starting;
        Assert.True(_silo.Startup.IsReady);
        Assert.Equal(1, (await _silo.InferAsync("m")).Version);
    }

    [Fact]
    public async Task Start_NotWarm_IsNotReady()
    {
        _silo.Repository.Put("m", [1]);
        _silo.Versions.OnMade = made => made.OnInfer = _ => Task.Run(() => _gate.Pass(CancellationToken.None));
        var starting = _silo.StartAsync();
        await _gate.Reached;

        Assert.False(_silo.Startup.IsReady);
        Assert.Equal(InferenceErrorCode.NotReady, (await _silo.InferFailsAsync("m")).Code);
        _gate.Open();
        await starting;
    }

    [Fact]
    public async Task Acquire_UnknownWhileTheStartLoads_IsNotReady()
    {
        Assert.Equal(InferenceErrorCode.NotReady, (await _silo.InferFailsAsync("m")).Code);
    }

    [Fact]
    public async Task Acquire_Unknown_NamesWhatIsServed()
    {
        _silo.Repository.Put("b", [1]);
        _silo.Repository.Put("a", [1]);
        await _silo.StartAsync();

        var failure = await _silo.InferFailsAsync("c");

        Assert.Equal((InferenceErrorCode.NotFound, "There is no model 'c'. Served here: a, b."), (failure.Code, failure.Message));
    }

    [Fact]
    public async Task Acquire_NoDefault_SaysHowToNameOne()
    {
        _silo.Repository.Put("a", [1]);
        await _silo.StartAsync();

        var failure = await Assert.ThrowsAsync<InferenceException>(() => _silo.Catalog.AcquireAsync(null, null, CancellationToken.None).AsTask());

        Assert.Equal((InferenceErrorCode.NotFound, "No default model is set. Set Inference:DefaultModel, or ask one by name: a."), (failure.Code, failure.Message));
    }

    [Fact]
    public async Task AcquirePredicting_NoPredictSection_IsNotFoundAndHoldsNothing()
    {
        _silo.Repository.Put("a", [1]);
        await _silo.StartAsync();

        var failure = await Assert.ThrowsAsync<InferenceException>(() => _silo.Catalog.AcquirePredictingAsync("a", CancellationToken.None).AsTask());

        Assert.Equal(InferenceErrorCode.NotFound, failure.Code);
        Assert.True(_silo.Entries.Find("a")!.Current!.IsIdle);
    }

    [Fact]
    public async Task Start_ModelBroken_FailsWithTheFault()
    {
        _silo.Repository.Put("m", [1]);
        _silo.Versions.OnLoad = (_, _) => throw new InferenceStartupException("broken");

        Assert.Equal("broken", (await Assert.ThrowsAsync<InferenceStartupException>(_silo.StartAsync)).Message);
        Assert.False(_silo.Startup.IsReady);
    }

    [Fact]
    public async Task Start_RepositoryEmpty_SaysHowToAddAModel() => Assert.Equal(
        "The model repository /models holds no model. Add one as <model>/<version>/model.onnx, such as /models/my-model/1/model.onnx.",
        (await Assert.ThrowsAsync<InferenceStartupException>(_silo.StartAsync)).Message);

    [Fact]
    public async Task Start_ManifestWithoutAVersion_SaysHowToAddOne()
    {
        _silo.Repository.Put("m", [], "{}");

        Assert.Contains(": the model has no version. Add ", (await Assert.ThrowsAsync<InferenceStartupException>(_silo.StartAsync)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dispose_ModelsInMemory_FreesThem()
    {
        _silo.Repository.Put("m", [1, 2]);
        await _silo.StartAsync();

        _silo.Startup.Dispose();

        await Task.WhenAll(_silo.Versions.Made.Select(version => version.Freed)).WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
    }
}
