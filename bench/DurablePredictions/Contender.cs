using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansInference.Silo;

namespace OrleansInference.DurablePredictions;

/// <summary>What one turn gave.</summary>
internal readonly record struct Turn(double PerSecond, double CpuMicroseconds)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{PerSecond:F0}/s, {CpuMicroseconds:F1} us of CPU each");
}

/// <summary>A silo with a small model, and callers that ask it as fast as it answers, each for users of its own where they are not said to share some.</summary>
internal sealed class Contender : IAsyncDisposable
{
    private const int UsersEach = 16;

    private readonly int? _users;
    private readonly IHost _host;
    private readonly IInferenceClient _client;

    private Contender(string name, int? users, IHost host)
    {
        Name = name;
        _users = users;
        _host = host;
        _client = host.Services.GetRequiredService<IInferenceClient>();
    }

    public string Name { get; }

    public static async Task<Contender> StartAsync(string name, TemporaryFolder folder, string logging, int maxCommitSize, int? users)
    {
        var home = Directory.CreateDirectory(Path.Combine(folder.Path, Guid.NewGuid().ToString("N"))).FullName;
        WriteModel(Path.Combine(home, "models", "identity"), logging);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Configuration.AddInMemoryCollection(
        [
            new("Inference:DataDirectory", Path.Combine(home, "data")),
            new("Inference:ModelRepository:Path", Path.Combine(home, "models")),
            new("Inference:Sqlite:MaxCommitSize", maxCommitSize.ToString(CultureInfo.InvariantCulture)),
        ]);
        var paths = InferencePaths.Resolve(builder.Configuration);
        builder.AddInferenceSilo(DataDirectoryLock.Acquire(paths.DataDirectory));
        var host = builder.Build();
        await host.StartInferenceAsync();
        return new Contender(name, users, host);
    }

    public async Task<Turn> RunAsync(int callers, TimeSpan turn)
    {
        var (startedAt, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var answers = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => AskAsync(caller, startedAt, turn))));
        var elapsed = Stopwatch.GetElapsedTime(startedAt);
        var all = answers.Sum();
        return new Turn(all / elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / all);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        if (_host is IAsyncDisposable disposable) await disposable.DisposeAsync();
        else _host.Dispose();
    }

    private async Task<long> AskAsync(int caller, long startedAt, TimeSpan turn)
    {
        long answers = 0;
        for (; Stopwatch.GetElapsedTime(startedAt) < turn; answers++)
            await _client.PredictAsync(new PredictionRequest { UserId = UserOf(caller, answers), Fields = [new RequestField("x", 1.5)] });
        return answers;
    }

    private string UserOf(int caller, long answers) => _users is { } users ? $"{(caller * UsersEach + answers) % users}" : $"{caller}-{answers % UsersEach}";

    private static void WriteModel(string folder, string logging)
    {
        Directory.CreateDirectory(Path.Combine(folder, "1"));
        File.Copy(Path.Combine(Environment.CurrentDirectory, "tests", "models", "identity", "1", "model.onnx"), Path.Combine(folder, "1", "model.onnx"));
        File.WriteAllText(Path.Combine(folder, "model.json"), $$"""
            {
              "predict": {
                "request":  { "x": { "type": "number", "required": true } },
                "inputs":   { "x": [ "request.x", "request.x", "request.x", "request.x" ] },
                "response": { "prediction": { "output": "y" } },
                "logging":  "{{logging}}",
                "deadline": "00:00:25"
              }
            }
            """);
    }
}
