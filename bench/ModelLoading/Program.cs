using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using OrleansInference;
using OrleansInference.ModelLoading;

// How much longer the callers of one model wait while another one, of 25 MB, is being loaded.
//
//   python3 tests/models/make_models.py large
//   dotnet run -c Release --project bench/ModelLoading
var pairs = new Option<int>("--pairs") { Description = "Windows without and with loads, in turn.", DefaultValueFactory = _ => 5 };
var seconds = new Option<int>("--seconds") { Description = "Length of each window.", DefaultValueFactory = _ => 5 };
var share = new Option<double>("--load") { Description = "Share of the capacity that is asked for.", DefaultValueFactory = _ => 0.3 };
var command = new RootCommand("p99 of mlp-256 while a model of 25 MB loads, beside p99 without.") { pairs, seconds, share };
command.SetAction(arguments => RunAsync(arguments.GetValue(pairs), TimeSpan.FromSeconds(arguments.GetValue(seconds)), arguments.GetValue(share)));
return await command.Parse(args).InvokeAsync();

static async Task<int> RunAsync(int pairs, TimeSpan window, double share)
{
    var root = SiloProcess.FindRoot();
    var large = Path.Combine(root, "artifacts", "models", "large");
    if (!Directory.Exists(large))
    {
        Console.Error.WriteLine($"There is no {large}. Make it: python3 tests/models/make_models.py large");
        return 1;
    }

    await using var silo = await SiloProcess.StartAsync(root, models =>
    {
        SiloProcess.CopyVersion(Path.Combine(root, "tests", "models", "mlp-256"), models, "mlp-256");
        SiloProcess.CopyVersion(large, models, "large");
    });
    using var host = await SiloProcess.ConnectAsync(silo.GatewayPort);
    var client = host.Services.GetRequiredService<IInferenceClient>();
    var traffic = new Traffic(client, "mlp-256");
    var loads = new Loads(client, "large");

    // The JIT settles only after many requests; capacity is what comes after.
    await traffic.MeasureCapacityAsync(callers: 16, TimeSpan.FromSeconds(30));
    var capacity = await traffic.MeasureCapacityAsync(callers: 16, TimeSpan.FromSeconds(5));
    Console.WriteLine($"capacity {capacity:F0} requests a second by 16 callers; sending {share:P0} of it, {share * capacity:F0} a second");

    var ratios = new List<(double Window, double Strict)>();
    for (var pair = 0; pair <= pairs; pair++)
    {
        var quiet = await MeasureAsync(traffic, share * capacity, window, loads: null);
        var loading = await MeasureAsync(traffic, share * capacity, window, loads);
        var (whole, strict) = (loading.Window.Percentile(0.99) / quiet.Window.Percentile(0.99), loading.WhileLoading.Percentile(0.99) / quiet.Window.Percentile(0.99));
        Console.WriteLine($"{(pair == 0 ? "warm-up" : $"pair {pair}")}: quiet {quiet.Window}; with loads {loading.Window}, x {whole:F2}; while loading {loading.WhileLoading}, x {strict:F2}");
        if (pair > 0) ratios.Add((whole, strict));
    }

    Console.WriteLine($"median of p99: x {ratios.Select(ratio => ratio.Window).Order().ElementAt(pairs / 2):F2} in the window, x {ratios.Select(ratio => ratio.Strict).Order().ElementAt(pairs / 2):F2} while loading; loads took {loads.Durations}");
    return 0;
}

// Of all requests in the window, and of those alone that were due while a load was under way: the pauses between hide what it costs.
static async Task<(Latencies Window, Latencies WhileLoading)> MeasureAsync(Traffic traffic, double perSecond, TimeSpan window, Loads? loads)
{
    using var stop = new CancellationTokenSource(window);
    var loading = loads?.RepeatAsync(stop.Token) ?? Task.FromResult<IReadOnlyList<Sample>>([]);
    var samples = await traffic.SendAsync(perSecond, stop.Token);
    var spans = await loading;
    return (new Latencies(samples), new Latencies(samples.Where(sample => spans.Any(span => sample.DueAt >= span.DueAt && sample.DueAt < span.AnsweredAt))));
}
