using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansInference.Silo;

namespace OrleansInference.UserMemory;

/// <summary>What the users of a silo have.</summary>
internal enum Features
{
    /// <summary>No features: the activation alone.</summary>
    None,

    /// <summary>Nine features of a view, six of a live window over 60 events.</summary>
    All,
}

/// <summary>A silo of its own, and users that are brought into its memory.</summary>
internal sealed class ActiveUsers : IAsyncDisposable
{
    private const int AtOnce = 64;

    private readonly IHost _host;
    private readonly string _home;
    private readonly bool _recorded;
    private readonly TimeSpan? _idle;

    private ActiveUsers(IHost host, string home, bool recorded, TimeSpan? idle) => (_host, _home, _recorded, _idle) = (host, home, recorded, idle);

    public static async Task<ActiveUsers> StartAsync(Features features, bool recorded, TimeSpan? idle)
    {
        var home = Directory.CreateTempSubdirectory("user-memory-").FullName;
        WriteModel(Path.Combine(home, "models", "identity"), features);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Configuration.AddInMemoryCollection(
        [
            new("Inference:DataDirectory", Path.Combine(home, "data")),
            new("Inference:ModelRepository:Path", Path.Combine(home, "models")),
            new("Inference:Users:IdleTimeout", (idle ?? TimeSpan.FromDays(1)).ToString()),
            .. features is Features.All ? Views() : [],
        ]);
        var paths = InferencePaths.Resolve(builder.Configuration);
        builder.AddInferenceSilo(DataDirectoryLock.Acquire(paths.DataDirectory));
        var host = builder.Build();
        await host.StartInferenceAsync();
        return new ActiveUsers(host, home, recorded, idle);
    }

    /// <summary>Asks once for each user.</summary>
    public Task ActivateAsync(string prefix, int users)
    {
        var client = _host.Services.GetRequiredService<IInferenceClient>();
        return Parallel.ForAsync(0, users, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, cancellationToken) =>
            await client.PredictAsync(new PredictionRequest { UserId = $"{prefix}-{i}", Unrecorded = !_recorded, Fields = [new RequestField("x", 1.5)] }, cancellationToken));
    }

    /// <summary>Completes when no user is in memory any more, and a minute later: the snapshots' schedule lets go of a user when its time has come.</summary>
    public async Task CollectAsync()
    {
        var management = _host.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0);
        if (_idle is null)
        {
            try
            {
                await management.ForceActivationCollection(TimeSpan.Zero);
            }
            catch (TimeoutException)
            {
                // Many users take longer than a call may, and are collected all the same.
            }
        }

        while ((await management.GetSimpleGrainStatistics()).Any(grains => grains.ActivationCount > 0 && grains.GrainType.Contains("UserGrain", StringComparison.Ordinal))) await Task.Delay(TimeSpan.FromMilliseconds(200));
        await Task.Delay(TimeSpan.FromMinutes(1));
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        if (_host is IAsyncDisposable disposable) await disposable.DisposeAsync();
        Directory.Delete(_home, recursive: true);
    }

    private static IEnumerable<KeyValuePair<string, string?>> Views()
    {
        var columns = Enumerable.Range(1, 9).Select(i => $"c{i}").ToArray();
        yield return new("Inference:FeatureViews:profile:ConnectionString", "Data Source=inference.db");
        yield return new("Inference:FeatureViews:profile:Sql", $"SELECT {string.Join(", ", columns.Select(column => $"1.5 AS {column}"))} WHERE @user_id IS NOT NULL");
        yield return new("Inference:FeatureViews:profile:Ttl", "1.00:00:00");
        yield return new("Inference:FeatureViews:profile:Timeout", "00:00:20");
        foreach (var column in columns) yield return new($"Inference:FeatureViews:profile:Columns:{column}:Default", "0");

        yield return new("Inference:FeatureViews:spending:Kind", "Window");
        yield return new("Inference:FeatureViews:spending:History:ConnectionString", "Data Source=inference.db");
        yield return new("Inference:FeatureViews:spending:History:Sql", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60) SELECT @until - i * 36000 AS at, i * 1.5 AS value FROM n WHERE @user_id IS NOT NULL AND @since < @until");
        yield return new("Inference:FeatureViews:spending:History:Timeout", "00:00:20");
        foreach (var (aggregate, days) in new[] { ("count", 1), ("mean", 1), ("count", 7), ("mean", 7), ("count", 30), ("mean", 30) })
        {
            yield return new($"Inference:FeatureViews:spending:Columns:{aggregate}_{days}d:Aggregate", aggregate);
            yield return new($"Inference:FeatureViews:spending:Columns:{aggregate}_{days}d:Window", $"{days}.00:00:00");
            if (aggregate is "mean") yield return new($"Inference:FeatureViews:spending:Columns:{aggregate}_{days}d:Default", "0");
        }
    }

    private static void WriteModel(string folder, Features features)
    {
        Directory.CreateDirectory(Path.Combine(folder, "1"));
        File.Copy(Path.Combine(Environment.CurrentDirectory, "tests", "models", "identity", "1", "model.onnx"), Path.Combine(folder, "1", "model.onnx"));
        var all = features is Features.All;
        File.WriteAllText(
            Path.Combine(folder, "model.json"),
            $$"""
            {
              "predict": {
                "request": { "x": { "type": "number", "required": true }, "at": { "type": "timestamp", "default": "now" } },
                {{(all ? """ "event": { "view": "spending", "value": "x", "time": "at" }, "features": [ "profile", "spending" ], """ : "")}}
                "inputs": { "x": [ "request.x", "request.x", "request.x", "{{(all ? "spending.count_30d" : "request.x")}}" ] },
                "response": { "prediction": { "output": "y" } },
                "deadline": "00:00:20"
              }
            }
            """);
    }
}
