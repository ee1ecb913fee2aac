using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using OrleansInference;
using OrleansInference.ModelLoading;
using OrleansInference.ShadowLatency;

// How much longer the callers of a model wait while a shadow runs copies of their requests on spare threads.
//
//   dotnet run -c Release --project bench/ShadowLatency
//   dotnet run -c Release --project bench/ShadowLatency -- --shadow artifacts/models/mlp-1024 --threads 2
var pairs = new Option<int>("--pairs") { Description = "Windows without and with the shadow, in turn.", DefaultValueFactory = _ => 5 };
var seconds = new Option<int>("--seconds") { Description = "Length of each window.", DefaultValueFactory = _ => 5 };
var share = new Option<double>("--load") { Description = "Share of the capacity that is asked for.", DefaultValueFactory = _ => 0.3 };
var threads = new Option<int>("--threads") { Description = "Inference threads of the silo; with one, the shadow has it whenever nobody else does.", DefaultValueFactory = _ => 1 };
var shadow = new Option<string>("--shadow") { Description = "Folder of the model that is the shadow; it takes x [N, 32].", DefaultValueFactory = _ => "tests/models/mlp-256" };
var command = new RootCommand("p50 and p99 of mlp-256 with a shadow, beside those without.") { pairs, seconds, share, threads, shadow };
command.SetAction(arguments => RunAsync(
    arguments.GetValue(pairs), TimeSpan.FromSeconds(arguments.GetValue(seconds)), arguments.GetValue(share), arguments.GetValue(threads), arguments.GetValue(shadow)!));
return await command.Parse(args).InvokeAsync();

static async Task RunAsync(int pairs, TimeSpan window, double share, int threads, string shadow)
{
    var (root, metrics) = (SiloProcess.FindRoot(), SiloProcess.FindFreePort());
    await using var silo = await SiloProcess.StartAsync(
        root, models => Fill(models, root, shadow), $"--Inference:Models:Threads={threads}", $"--Inference:Metrics:Port={metrics}");
    using var host = await SiloProcess.ConnectAsync(silo.GatewayPort);
    using var copies = new ShadowCopies(metrics);
    var client = host.Services.GetRequiredService<IInferenceClient>();
    var (alone, shadowed) = (new Traffic(client, "alone"), new Traffic(client, "shadowed"));

    // The JIT settles only after many requests; capacity is what comes after.
    await shadowed.MeasureCapacityAsync(callers: 16, TimeSpan.FromSeconds(10));
    await alone.MeasureCapacityAsync(callers: 16, TimeSpan.FromSeconds(20));
    var capacity = await alone.MeasureCapacityAsync(callers: 16, TimeSpan.FromSeconds(5));
    Console.WriteLine($"capacity {capacity:F0} requests a second by 16 callers; sending {share:P0} of it, {share * capacity:F0} a second, {threads} inference thread(s), shadow {shadow}");

    var ratios = new List<(double P50, double P99)>();
    for (var pair = 0; pair <= pairs; pair++)
    {
        var without = await MeasureAsync(alone, share * capacity, window);
        var before = await copies.CountAsync();
        var with = await MeasureAsync(shadowed, share * capacity, window);
        var (ok, all) = await copies.CountAsync();
        var ratio = (P50: with.Percentile(0.5) / without.Percentile(0.5), P99: with.Percentile(0.99) / without.Percentile(0.99));
        Console.WriteLine(
            $"{(pair == 0 ? "warm-up" : $"pair {pair}")}: without {without}; with {with}; p50 x {ratio.P50:F2}, p99 x {ratio.P99:F2}; {ok - before.Compared:F0} of {all - before.All:F0} copies were run to the end");
        if (pair > 0) ratios.Add(ratio);
    }

    Console.WriteLine($"p50 {Summary(ratios.Select(ratio => ratio.P50))}; p99 {Summary(ratios.Select(ratio => ratio.P99))}");
}

// Two models that differ in the shadow alone: nothing is loaded between the windows.
static void Fill(string models, string root, string shadow)
{
    var served = Path.Combine(root, "tests", "models", "mlp-256");
    SiloProcess.CopyVersion(served, models, "alone");
    SiloProcess.CopyVersion(served, models, "shadowed");
    SiloProcess.CopyVersion(Path.Combine(root, shadow), models, "shadowed", version: 2);
    File.WriteAllText(Path.Combine(models, "shadowed", "model.json"), """{ "versions": { "default": 1, "shadow": { "version": 2 } } }""");
}

static async Task<Latencies> MeasureAsync(Traffic traffic, double perSecond, TimeSpan window)
{
    using var stop = new CancellationTokenSource(window);
    return new Latencies(await traffic.SendAsync(perSecond, stop.Token));
}

static string Summary(IEnumerable<double> ratios)
{
    double[] sorted = [.. ratios.Order()];
    return $"x {sorted[sorted.Length / 2]:F2} ({sorted[0]:F2} to {sorted[^1]:F2})";
}
