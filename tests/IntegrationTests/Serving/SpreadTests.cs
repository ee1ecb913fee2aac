using System.Collections.Concurrent;
using System.Net;
using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Configuration;
using OrleansInference;
using OrleansInference.Silo;

namespace IntegrationTests.Serving;

/// <summary>Raw calls from outside the silos reach all of them, though each key of a stateless worker reaches but one.</summary>
public sealed class SpreadTests : IAsyncLifetime
{
    private readonly CallCounter _first = new();
    private readonly CallCounter _second = new();
    private readonly List<InProcessServer> _silos = [];
    private readonly List<int> _gateways = [];

    public async ValueTask InitializeAsync()
    {
        await StartSiloAsync(_first);
        await StartSiloAsync(_second, primary: _silos[0].Services.GetRequiredService<SiloPortOptions>().Port);
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

    private async Task StartSiloAsync(CallCounter counter, int? primary = null)
    {
        var directory = new TestDirectory();
        _gateways.Add(FreePort.Find());
        string[] settings = [$"Inference:ModelRepository:Path={directory.CopyTestModels("identity")}", $"Inference:Silo:GatewayPort={_gateways[^1]}"];
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
