using FraudDemo;
using OrleansInference.Silo;

namespace OrleansInference.Api.Demo;

/// <summary>The fraud demo inside this process: its data, and its services on loopback sockets of their own, called over real HTTP.</summary>
internal sealed class FraudDemoHost : IHostedService, IAsyncDisposable
{
    private const string Setting = "Inference:Demo";

    private readonly List<IDemoService> _services = [];

    /// <summary>What the start says of the demo.</summary>
    public string Status { get; private set; } = "";

    /// <summary>The page that shows what the webhooks received; null when the demo is off.</summary>
    public Uri? Received { get; private set; }

    /// <summary>Starts the demo where it is wanted, and configures the views, services and targets that its models name.</summary>
    public static async Task<FraudDemoHost> StartAsync(IConfigurationManager configuration, InferencePaths paths, InferenceMode mode)
    {
        var demo = new FraudDemoHost();
        var reason = mode is InferenceMode.Embedded ? WhyOff(configuration, paths) : $"{InferenceModes.Setting}={mode}";
        demo.Status = reason is null ? "on" : $"off ({reason})";
        if (reason is null) await demo.StartServicesAsync(configuration, paths);
        return demo;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services) await service.DisposeAsync();
    }

    private static string? WhyOff(IConfiguration configuration, InferencePaths paths)
    {
        if (configuration[Setting] is { Length: > 0 } set) return configuration.GetValue<bool>(Setting) ? null : $"{Setting}={set}";
        if (paths.ModelRepository != paths.ShippedModelRepository) return $"the models are not the shipped ones; {Setting}=true turns it on";
        return configuration.GetSection("Inference:FeatureViews").Exists() || configuration.GetSection("Inference:ExternalServices").Exists()
            ? $"features are configured; {Setting}=true turns it on"
            : null;
    }

    private async Task StartServicesAsync(IConfigurationManager configuration, InferencePaths paths)
    {
        var database = Path.Combine(paths.DataDirectory, FraudDatabase.FileName);
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        await FraudDatabase.EnsureAsync(database, FraudDatabase.DemoOptions(today), Console.WriteLine);

        var risk = Add(await TerminalRiskService.StartAsync(database));
        var webhooks = Add(await WebhookReceiver.StartAsync());
        var info = Add(await TutorialInfoService.StartAsync());
        Received = webhooks.Address;
        DemoConfiguration.Apply(configuration, risk.Address, webhooks.Address, info.Address);
    }

    private TService Add<TService>(TService service)
        where TService : IDemoService
    {
        _services.Add(service);
        return service;
    }
}
