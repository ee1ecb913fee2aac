using System.Collections.Concurrent;
using System.Net;
using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Configuration;
using OrleansInference;
using OrleansInference.Silo;

namespace IntegrationTests.Serving;

/// <summary>What needs more than one silo to be seen: raw calls reach all of them, and a change is made on all of them.</summary>
public sealed class TwoSilosTests : IAsyncLifetime
{
    private readonly CallCounter _first = new();
    private readonly CallCounter _second = new();
    private readonly List<InProcessServer> _silos = [];
    private readonly List<string> _repositories = [];
    private readonly List<int> _gateways = [];

    public async ValueTask InitializeAsync()
    {
        await StartSiloAsync(_first);
        await StartSiloAsync(_second, primary: PortOf(_silos[0]));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in Enumerable.Reverse(_silos)) await silo.DisposeAsync();
    }

    [Fact]
    public async Task Infer_ExternalClientOfTwoSilos_ReachesBothOften()
    {
        const int Calls = 10 * ModelKey.Shards;
        await using var outside = await GatewayClient.ConnectAsync([.. _gateways]);

        for (var i = 0; i < Calls; i++) await outside.Client.InferAsync("identity", Floats.X([1, 4], 1, 2, 3, 4), TestContext.Current.CancellationToken);

        Assert.Equal(Calls, _first.Keys.Count + _second.Keys.Count);
        Assert.InRange(_first.Keys.Count, Calls / 5, Calls * 4 / 5);
    }

    [Fact]
    public async Task Load_BothSilosCan_AnswersWhenBothServe()
    {
        foreach (var models in _repositories) TestModels.CopyIdentity(models, "identity", "2");

        var change = await _silos[0].Client.LoadModelAsync("identity");

        Assert.Empty(change.LaggingSilos);
        Assert.Equal((2, 2), ((await _silos[0].Client.InferIdentityAsync()).Version, (await _silos[1].Client.InferIdentityAsync()).Version));
    }

    [Fact]
    public async Task Load_OneSiloCannot_NamesItAndWhy()
    {
        TestModels.CopyIdentity(_repositories[0], "identity", "2");
        TestModels.CopyIdentity(_repositories[1], "identity", "2");
        await File.WriteAllTextAsync(Path.Combine(_repositories[1], "identity", "2", "model.onnx"), "no model", TestContext.Current.CancellationToken);

        var change = await _silos[0].Client.LoadModelAsync("identity");

        var lagging = Assert.Single(change.LaggingSilos);
        Assert.Contains($":{PortOf(_silos[1])}", lagging.Silo, StringComparison.Ordinal);
        Assert.Contains("ONNX Runtime cannot load this file", lagging.Reason, StringComparison.Ordinal);
        Assert.Equal((2, 1), ((await _silos[0].Client.InferIdentityAsync()).Version, (await _silos[1].Client.InferIdentityAsync()).Version));
    }

    [Fact]
    public async Task Unload_EitherSilo_ServesItNoMore()
    {
        await _silos[1].Client.UnloadModelAsync("identity");

        Assert.Equal((false, false), (await _silos[0].Client.IsModelReadyAsync("identity"), await _silos[1].Client.IsModelReadyAsync("identity")));
    }

    private static int PortOf(InProcessServer silo) => silo.Services.GetRequiredService<SiloPortOptions>().Port;

    private async Task StartSiloAsync(CallCounter counter, int? primary = null)
    {
        var directory = new TestDirectory();
        _gateways.Add(FreePort.Find());
        _repositories.Add(directory.CopyTestModels("identity"));
        string[] settings = [
            $"Inference:ModelRepository:Path={_repositories[^1]}",
            "Inference:ModelRepository:PollInterval=00:00:00",
            $"Inference:Silo:GatewayPort={_gateways[^1]}"];
        _silos.Add(await InProcessServer.StartAsync(directory, settings, services =>
        {
            services.AddSingleton<IIncomingGrainCallFilter>(counter);
            if (primary is { } port)
                services.Configure<DevelopmentClusterMembershipOptions>(options => options.PrimarySiloEndpoint = new IPEndPoint(IPAddress.Loopback, port));
        }));
    }

    /// <summary>Notes the key of each raw call that its silo answers.</summary>
    private sealed class CallCounter : IIncomingGrainCallFilter
    {
        public ConcurrentBag<string> Keys { get; } = [];

        public Task Invoke(IIncomingGrainCallContext context)
        {
            if (context.InterfaceMethod.DeclaringType == typeof(IModelGrain)) Keys.Add(context.TargetId.Key.ToString()!);
            return context.Invoke();
        }
    }
}
