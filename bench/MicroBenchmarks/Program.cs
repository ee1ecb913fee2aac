using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using MicroBenchmarks;
using Perfolizer.Horology;

// dotnet run -c Release --project bench/MicroBenchmarks -- --filter '*'         all of them; '*Assembly*' one of them
// dotnet run -c Release --project bench/MicroBenchmarks -- flood [seconds]      percentiles under load, which BenchmarkDotNet has not
if (args is ["flood", .. var rest])
{
    await BulkFlood.RunAsync(TimeSpan.FromSeconds(rest is [var seconds] ? double.Parse(seconds, CultureInfo.InvariantCulture) : 5));
    return;
}

// Short, so that all of them take a few minutes; --iterationCount 30 --iterationTime 500 takes longer and says more.
// The collector is the one that the server has.
var job = Job.Default
    .WithWarmupCount(8)
    .WithIterationCount(10)
    .WithIterationTime(TimeInterval.FromMilliseconds(150))
    .WithGcServer(true)
    .WithArguments([new MsBuildArgument("/p:RunAnalyzers=false")]);

// The benchmarks run in a process of their own, for which everything is built once more: a minute on two cores, more on busy ones, and
// without the analyzers, which the build before had. -i spares it and measures in this process.
var config = DefaultConfig.Instance
    .AddJob(job.AsDefault())
    .AddColumn(StatisticColumn.Median)
    .WithBuildTimeout(TimeSpan.FromMinutes(10))
    .WithArtifactsPath(Path.Combine("artifacts", "bench", "micro"));
BenchmarkSwitcher.FromAssembly(typeof(BatcherBenchmark).Assembly).Run(args, config);
