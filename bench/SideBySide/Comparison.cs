using OrleansInference.SideBySide.Measuring;
using OrleansInference.SideBySide.Reports;
using OrleansInference.SideBySide.Servers;
using OrleansInference.SideBySide.Setup;
using OrleansInference.SideBySide.Workloads;

namespace OrleansInference.SideBySide;

internal sealed record ComparisonOptions(bool Quick, string[] Letters, int Pairs, TimeSpan Turn, string Folder);

/// <summary>One run: prepares the folder, lets every workload run, and writes what they gave.</summary>
internal static class Comparison
{
    private static readonly IWorkload[] Workloads =
    [
        new PeakWorkload("A", "warm user, fraud model (logistic regression, 15 inputs), nothing logged", BenchmarkModels.Fraud)
        {
            OverMinimalApi = 1.2, OverFastApi = 6, OverNode = 3, ComparesCpu = true,
        },
        new PeakWorkload("B", "warm user, 32-256-256-1 perceptron, nothing logged", BenchmarkModels.Small)
        {
            OverMinimalApi = 1.2, OverFastApi = 6, OverNode = 3, ComparesCpu = true,
        },
        new PeakWorkload("C", "warm user, 32-1024-1024-512-1 perceptron, nothing logged", BenchmarkModels.Large)
        {
            OverMinimalApi = 2, OverFastApi = 12, OverNode = 4,
        },
        new DurableWorkload("A'", "as A, every answered prediction in SQLite on disk (synchronous=FULL)", BenchmarkModels.Fraud) { ComparesCost = true },
        new DurableWorkload("E", "as C, every answered prediction in SQLite on disk", BenchmarkModels.Large),
        new LatencyWorkload(),
        new TutorialWorkload(),
        new BatchingWorkload(),
        new TensorWorkload(),
        new StartWorkload(),
        new UsersWorkload(),
    ];

    private static readonly string[] QuickLetters = ["A", "C", "D"];

    public static async Task<int> RunAsync(ComparisonOptions options, CancellationToken cancellationToken)
    {
        var workloads = Select(options);
        var workspace = new Workspace(Directory.GetCurrentDirectory(), options.Folder);
        Console.WriteLine($"Preparing {workspace.Folder}: models, features, published programs");
        var users = workloads.Any(workload => workload.Letter == "G") ? UsersWorkload.Most : UserFeatures.CommonUsers;
        await workspace.PrepareAsync(users, withNode: !options.Quick, cancellationToken);

        await using var services = await SlowServices.StartAsync();
        await using var fleet = new Fleet(workspace.Data);
        var bench = new Bench(
            workspace, new Contenders(workspace, workspace.Models, services.Address), fleet, new Rounds(options.Turn, options.Pairs, options.Quick), options.Turn, options.Pairs, options.Quick);
        var results = new List<WorkloadResult>();
        var files = new ResultFiles(workspace.Folder);
        foreach (var workload in workloads)
        {
            Console.WriteLine($"{workload.Letter}");
            var result = await RunAsync(workload, bench, cancellationToken);
            results.Add(result);
            Console.WriteLine(MarkdownReport.Write(result));
            // Each time, so that a run that is ended early leaves what it has.
            files.Write(results);
        }

        Console.WriteLine($"Written: {files}");
        return 0;
    }

    // A wait that ends is nobody's Ctrl-C, which alone ends the program without a word.
    private static async Task<WorkloadResult> RunAsync(IWorkload workload, Bench bench, CancellationToken cancellationToken)
    {
        try
        {
            return await workload.RunAsync(bench, cancellationToken);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"A server did not answer in time in workload {workload.Letter}; what it says is in {bench.Workspace.Data}.", e);
        }
    }

    private static IWorkload[] Select(ComparisonOptions options)
    {
        var letters = options.Letters.Length > 0 ? options.Letters : options.Quick ? QuickLetters : [.. Workloads.Select(workload => workload.Letter)];
        var unknown = letters.Except(Workloads.Select(workload => workload.Letter)).ToArray();
        if (unknown.Length > 0)
            throw new ArgumentException($"--workloads holds {string.Join(' ', unknown)}. There are {string.Join(' ', Workloads.Select(workload => workload.Letter))}.");
        return [.. Workloads.Where(workload => letters.Contains(workload.Letter))];
    }
}
