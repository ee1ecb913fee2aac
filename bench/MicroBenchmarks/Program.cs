using System.Globalization;
using MicroBenchmarks;

// dotnet run -c Release --project bench/MicroBenchmarks [lone] [throughput] [bulk] [assembly] [--seconds=N]
// Each measurement is paired: the two sides take turns in one process, so that the machine's other work meets both alike.
var seconds = args.FirstOrDefault(arg => arg.StartsWith("--seconds=", StringComparison.Ordinal)) is { } given
    ? double.Parse(given["--seconds=".Length..], CultureInfo.InvariantCulture)
    : 5;
var names = args.Where(arg => !arg.StartsWith("--", StringComparison.Ordinal)).ToHashSet();

using var models = new BenchmarkModels();
Console.WriteLine($"{Environment.ProcessorCount} cores, .NET {Environment.Version}, {seconds} s a side");
if (Wants("lone")) await LoneRequestBenchmark.RunAsync(models, TimeSpan.FromSeconds(seconds));
if (Wants("throughput")) await ThroughputBenchmark.RunAsync(models, TimeSpan.FromSeconds(seconds));
if (Wants("assembly")) await AssemblyBenchmark.RunAsync(TimeSpan.FromSeconds(seconds));
if (Wants("bulk")) await BulkFloodBenchmark.RunAsync(models, TimeSpan.FromSeconds(seconds));

bool Wants(string name) => names.Count == 0 || names.Contains(name);
