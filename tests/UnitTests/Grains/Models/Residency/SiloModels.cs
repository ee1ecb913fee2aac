using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Models.Control;
using OrleansInference.Grains.Models.Ensembles;
using OrleansInference.Grains.Models.Loading;
using OrleansInference.Grains.Models.Repository;
using OrleansInference.Grains.Models.Residency;
using OrleansInference.Grains.Models.Routing;
using OrleansInference.Grains.Models.Scheduling;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;
using UnitTests.Fakes;

namespace UnitTests.Grains.Models.Residency;

/// <summary>A silo's models over a repository and versions of the test's making.</summary>
internal sealed class SiloModels : IControlStates, IDisposable
{
    private readonly InferenceSchedulers _schedulers;
    private readonly Services _services = new();

    public SiloModels(int? limit = null, string? defaultModel = null)
    {
        var serving = Options.Create(new ModelServingOptions { Threads = 1 });
        var inference = Options.Create(new InferenceOptions { DefaultModel = defaultModel });
        var repositoryOptions = Options.Create(new ModelRepositoryOptions { Path = "/models" });
        _schedulers = new InferenceSchedulers(serving);
        Entries = new ModelEntries(_schedulers, Metrics.Instruments);
        Places = new ModelPlaces(limit, Entries);
        var steps = new StepModels(_services, Entries, Repository, Time);
        var ensembles = new EnsembleDependents(Entries, steps);
        var loader = new ModelLoader(
            Versions,
            new ModelWarmUp(NullLogger<ModelWarmUp>.Instance),
            new ModelRollouts((_, _, _) => Task.CompletedTask, Time, Metrics.Instruments, NullLoggerFactory.Instance),
            steps,
            new FeatureSources([]),
            new WebhookTargets(new Dictionary<string, WebhookOptions>()),
            serving,
            Time,
            Metrics.Instruments,
            NullLogger<ModelLoader>.Instance);
        Updater = new ModelUpdater(Entries, Places, Repository, loader, ensembles, this, Time, Metrics.Instruments, NullLogger<ModelUpdater>.Instance);
        Startup = new ModelStartup(Entries, Updater, Places, Repository, _schedulers, this, ensembles, inference, repositoryOptions, Time);
        Catalog = new ModelCatalog(Entries, Updater, Places, Startup, inference, Time);
        _services.Add(Catalog);
        _services.Add(Updater);
        Index = new ModelIndex(Entries, Places, Repository);
        Watcher = new ModelRepositoryWatcher(Entries, Updater, Places, Startup, Repository, repositoryOptions, Time, WatcherLog);
    }

    public FakeTimeProvider Time { get; } = new();

    public RecordedMetrics Metrics { get; } = new();

    public FakeModelRepository Repository { get; } = new();

    public FakeVersionFactory Versions { get; } = new();

    public ConcurrentDictionary<string, ModelControlState> Controls { get; } = new();

    public ModelEntries Entries { get; }

    public ModelPlaces Places { get; }

    public ModelUpdater Updater { get; }

    public ModelStartup Startup { get; }

    public ModelCatalog Catalog { get; }

    public ModelIndex Index { get; }

    public ModelRepositoryWatcher Watcher { get; }

    public FakeLogger<ModelRepositoryWatcher> WatcherLog { get; } = new();

    /// <summary>Loads the models of the start, as the host does.</summary>
    public async Task<SiloModels> StartAsync()
    {
        await Startup.StartedAsync(CancellationToken.None);
        await Startup.Completion.WaitAsync(Gate.Patience);
        return this;
    }

    /// <summary>Two looks at the repository: one to see the change, one to see that it is over.</summary>
    public async Task LookTwiceAsync()
    {
        await Watcher.LookAsync();
        await Watcher.LookAsync();
    }

    public async Task<InferenceResponse> InferAsync(string model, string? version = null)
    {
        var held = await Catalog.AcquireAsync(model, timeout: null, CancellationToken.None);
        try
        {
            return await held.InferAsync(new InferenceRequest { Version = version, Inputs = [] }, CancellationToken.None);
        }
        finally
        {
            held.Release();
        }
    }

    public async Task<InferenceException> InferFailsAsync(string model, string? version = null) =>
        await Assert.ThrowsAsync<InferenceException>(() => InferAsync(model, version));

    /// <summary>Throws where what was agreed on cannot be read.</summary>
    public Action OnControlRead { get; set; } = () => { };

    Task<ModelControlState> IControlStates.GetAsync(string model)
    {
        OnControlRead();
        return Task.FromResult(Controls.GetValueOrDefault(model) ?? new ModelControlState());
    }

    public void Dispose()
    {
        Watcher.Dispose();
        Startup.Dispose();
        Places.Dispose();
        _schedulers.Dispose();
        Repository.Dispose();
        Metrics.Dispose();
    }

    // What steps ask for by its type, once it is made.
    private sealed class Services : IServiceProvider
    {
        private readonly Dictionary<Type, object> _services = [];

        public void Add(object service) => _services.Add(service.GetType(), service);

        public object? GetService(Type type) => _services.GetValueOrDefault(type);
    }
}
