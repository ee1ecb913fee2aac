using System.Diagnostics;

namespace OrleansInference.SideBySide.Setup;

/// <summary>The folder that a run works in: published programs, the same models and features for everybody, and what they write.</summary>
internal sealed class Workspace
{
    public Workspace(string root, string folder)
    {
        Root = root;
        Folder = Path.GetFullPath(folder);
        Models = new ModelFolders(Path.Combine(Folder, "models"), Path.Combine(Folder, "repository"));
        QuickModels = new ModelFolders(Path.Combine(Folder, "quick-models"), Path.Combine(Folder, "quick-repository"));
        Data = Path.Combine(Folder, "data");
    }

    /// <summary>The project's own folder.</summary>
    public string Root { get; }

    public string Folder { get; }

    /// <summary>All of them.</summary>
    public ModelFolders Models { get; }

    /// <summary>All but the tutorial's, whose size would be all that there is to see of a start.</summary>
    public ModelFolders QuickModels { get; }

    /// <summary>What servers write; new in each run.</summary>
    public string Data { get; }

    public string FeaturesJson => Path.Combine(Folder, "features.json");

    public string FeaturesDatabase => Path.Combine(Folder, "features.db");

    public string Contender(string name) => Path.Combine(Root, "bench", "Contenders", name);

    public string Published(string name) => Path.Combine(Folder, "published", name);

    /// <summary>Makes all of it; what is there from an earlier run and does not change is kept.</summary>
    public async Task PrepareAsync(int users, bool withNode, CancellationToken cancellationToken)
    {
        if (Directory.Exists(Data)) Directory.Delete(Data, recursive: true);
        Directory.CreateDirectory(Data);
        BenchmarkModels.Write(this);
        UserFeatures.Write(this, users);
        ServedModels.Write(this);
        await PublishAsync(Path.Combine(Root, "src", "Api", "Api.csproj"), Published("orleans-inference"), cancellationToken);
        await PublishAsync(Path.Combine(Contender("MinimalApi"), "MinimalApi.csproj"), Published("minimal-api"), cancellationToken);
        ServedModels.WriteSettings(this);
        if (withNode) await RunAsync("npm", ["install", "--no-audit", "--no-fund", "--silent"], Contender("Node"), cancellationToken);
    }

    private Task PublishAsync(string project, string output, CancellationToken cancellationToken) => RunAsync(
        "dotnet",
        ["publish", project, "--configuration", "Release", "--runtime", "linux-x64", "--self-contained", "false", "-p:PublishReadyToRun=true", "--output", output, "--verbosity", "quiet", "--nologo"],
        Root,
        cancellationToken);

    private static async Task RunAsync(string program, string[] arguments, string folder, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder };
        // A setting of the load generator, with which compilers wait for each other for ever.
        start.Environment.Remove("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS");
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}; what it says is above.");
    }
}

/// <summary>The same models twice.</summary>
/// <param name="Files">One .onnx file for each, for those who serve single files.</param>
/// <param name="Repository">Our model repository.</param>
internal sealed record ModelFolders(string Files, string Repository);
