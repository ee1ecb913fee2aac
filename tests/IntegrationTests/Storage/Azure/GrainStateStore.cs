using IntegrationTests.Infrastructure;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans;
using Orleans.Configuration;
using Orleans.Providers;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Storage;
using OrleansInference.Grains;
using OrleansInference.Grains.Users;
using OrleansInference.Storage;

namespace IntegrationTests.Storage.Azure;

/// <summary>The provider of grain state as the program registers it, without the rest of it.</summary>
internal sealed class GrainStateStore : IAsyncDisposable
{
    public const string ServiceId = "svc";
    public const string StateName = "user";

    private readonly ServiceProvider _services;
    private readonly SiloLifecycleSubject _lifecycle = new(NullLogger<SiloLifecycleSubject>.Instance);

    private GrainStateStore(IEnumerable<string> settings)
    {
        var configuration = new ConfigurationBuilder().AddCommandLine([.. settings.Select(setting => $"--{setting}")]).Build();
        var services = new ServiceCollection();
        services.AddSerializer().AddLogging().AddSingleton(TimeProvider.System).Configure<ClusterOptions>(options => options.ServiceId = ServiceId);
        _services = services.AddGrainState(StorageProviders.Read(configuration).GrainState, configuration).BuildServiceProvider();
    }

    public IGrainStorage Storage => _services.GetRequiredKeyedService<IGrainStorage>(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME);

    public Serializer Serializer => _services.GetRequiredService<Serializer>();

    public GrainStateLimit? Limit => _services.GetService<GrainStateLimit>();

    public static async Task<GrainStateStore> StartAsync(IEnumerable<string> settings)
    {
        var store = new GrainStateStore(settings);
        foreach (var check in store._services.GetServices<IHostedService>()) await check.StartAsync(CancellationToken.None);
        ((ILifecycleParticipant<ISiloLifecycle>)store.Storage).Participate(store._lifecycle);
        await store._lifecycle.OnStart(CancellationToken.None);
        return store;
    }

    /// <summary>A grain that nothing is stored of.</summary>
    public static GrainId NewGrain() => GrainId.Create("user", $"-!{Guid.NewGuid():N}");

    public static UserSnapshot Snapshot(long sequence, int bytes = 4) => new() { Sequence = sequence, Windows = { ["spending"] = Bytes(bytes) } };

    public async Task<GrainState<UserSnapshot>> ReadAsync(GrainId grain, string name = StateName)
    {
        var state = new GrainState<UserSnapshot>();
        await Storage.ReadStateAsync(name, grain, state);
        return state;
    }

    /// <summary>Writes with the etag that the state has.</summary>
    public async Task<GrainState<UserSnapshot>> WriteAsync(GrainId grain, GrainState<UserSnapshot> state, long sequence, int bytes = 4, string name = StateName)
    {
        state.State = Snapshot(sequence, bytes);
        await Storage.WriteStateAsync(name, grain, state);
        return state;
    }

    /// <summary>Writes what is the first of its grain.</summary>
    public Task<GrainState<UserSnapshot>> WriteNewAsync(GrainId grain, long sequence, int bytes = 4, string name = StateName) => WriteAsync(grain, new GrainState<UserSnapshot>(), sequence, bytes, name);

    public Task ClearAsync(GrainId grain, GrainState<UserSnapshot> state) => Storage.ClearStateAsync(StateName, grain, state);

    public async ValueTask DisposeAsync()
    {
        await _lifecycle.OnStop(CancellationToken.None);
        await _services.DisposeAsync();
    }

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }
}
