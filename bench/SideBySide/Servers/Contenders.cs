using OrleansInference.SideBySide.Setup;

namespace OrleansInference.SideBySide.Servers;

/// <summary>Somebody who is compared.</summary>
/// <param name="Name">As in the tables.</param>
/// <param name="Command">How it is started.</param>
internal sealed record Contender(string Name, ServerCommand Command);

/// <summary>All of them, by what they are.</summary>
/// <param name="workspace">Where their files lie.</param>
/// <param name="models">What they serve.</param>
/// <param name="delays">Where the tutorial's slow services are.</param>
internal sealed class Contenders(Workspace workspace, ModelFolders models, Uri delays)
{
    public const string Ours = "orleans-inference";

    private static readonly TimeSpan ShortWarmUp = TimeSpan.FromSeconds(20);

    /// <summary>The same, serving other models.</summary>
    public Contenders With(ModelFolders others) => new(workspace, others, delays);

    /// <summary>This server; it has each model with a log and without, so that one process takes both turns.</summary>
    public Contender OrleansInference(string name = Ours) => new(name, new ServerCommand(name, "dotnet", workspace.Folder, "/health/ready")
    {
        Arguments = ports =>
        [
            Path.Combine(workspace.Published("orleans-inference"), "OrleansInference.Api.dll"),
            $"--urls=http://127.0.0.1:{ports.Http}",
            $"--Inference:Grpc:Port={ports.Grpc}",
            $"--Inference:DataDirectory={Path.Combine(workspace.Data, name)}",
            $"--Inference:ModelRepository:Path={models.Repository}",
            $"--Inference:ExternalServices:tutorial_database:BaseAddress={delays}",
            $"--Inference:ExternalServices:tutorial_info:BaseAddress={delays}",
        ],
    });

    /// <summary>With one thread for a run, as is best where many requests run at once.</summary>
    public Contender MinimalApi => MinimalApiWith("minimal-api", threads: 1, log: "");

    /// <summary>With ONNX Runtime's defaults, which give each run as many threads as there are cores.</summary>
    public Contender DefaultMinimalApi => MinimalApiWith("minimal-api, default session", threads: 0, log: "");

    public Contender DurableMinimalApi => MinimalApiWith("minimal-api, one insert each", threads: 1, Path.Combine(workspace.Data, "minimal-api.db"));

    public Contender FastApi(int workers) => FastApiWith(workers == 1 ? "fastapi" : $"fastapi, {workers} workers", workers, "loop", log: "");

    public Contender FastApiWithPool => FastApiWith("fastapi, thread pool", 1, "pool", log: "");

    public Contender DurableFastApi => FastApiWith("fastapi, one insert each", 1, "loop", Path.Combine(workspace.Data, "fastapi.db"));

    public Contender Node(int workers)
    {
        var name = workers == 1 ? "node" : $"node, {workers} workers";
        return new(name, new ServerCommand(name, "node", workspace.Contender("Node"), "/health/live")
        {
            Arguments = _ => ["server.js"],
            Environment = ports => [.. Shared(), ("PORT", $"{ports.Http}"), ("WORKERS", $"{workers}")],
            LongestWarmUp = ShortWarmUp,
        });
    }

    private Contender MinimalApiWith(string name, int threads, string log) => new(name, new ServerCommand(name, "dotnet", workspace.Published("minimal-api"), "/health/live")
    {
        Arguments = ports => [Path.Combine(workspace.Published("minimal-api"), "MinimalApi.dll"), $"--urls=http://127.0.0.1:{ports.Http}", $"--Threads={threads}", $"--Log={log}"],
        Environment = _ => Shared(),
    });

    private Contender FastApiWith(string name, int workers, string inference, string log) => new(name, new ServerCommand(name, "/usr/bin/python3", workspace.Contender("FastApi"), "/health/live")
    {
        Arguments = ports => ["-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port", $"{ports.Http}", "--workers", $"{workers}", "--loop", "uvloop", "--no-access-log", "--log-level", "warning"],
        // One thread for NumPy beside another worker or other requests, as for everybody's sessions.
        Environment = _ => [.. Shared(), ("INFERENCE", inference), ("LOG", log), ("OPENBLAS_NUM_THREADS", "1"), ("PYTHONDONTWRITEBYTECODE", "1")],
        LongestWarmUp = ShortWarmUp,
    });

    private (string Name, string Value)[] Shared() => [("MODELS", models.Files), ("FEATURES", workspace.FeaturesJson), ("DELAYS", delays.ToString().TrimEnd('/'))];
}
