using System.CommandLine;
using System.Globalization;
using OrleansInference.DurablePredictions;

// Predictions a second by 64 callers: every commit shared, one commit for each, and nothing recorded; in turn, in one process. And
// the log without silo and model: the CPU of a record.
//
//   dotnet run -c Release --project bench/DurablePredictions -- [--users 1] [--log-alone]
var pairs = new Option<int>("--pairs") { Description = "Rounds of all contenders, in turn.", DefaultValueFactory = _ => 5 };
var seconds = new Option<int>("--seconds") { Description = "Length of each turn.", DefaultValueFactory = _ => 5 };
var callers = new Option<int>("--callers") { Description = "Predictions under way at once.", DefaultValueFactory = _ => 64 };
var users = new Option<int?>("--users") { Description = "Users that all callers share, 1 for the top rate of one user; without it each caller has 16 of its own." };
var logAlone = new Option<bool>("--log-alone") { Description = "Only the log, without silos." };
var command = new RootCommand("What it costs that a reply means that it is logged.") { pairs, seconds, callers, users, logAlone };
command.SetAction(async arguments =>
{
    var (rounds, turn, atOnce) = (arguments.GetValue(pairs), TimeSpan.FromSeconds(arguments.GetValue(seconds)), arguments.GetValue(callers));
    if (!arguments.GetValue(logAlone)) await RunAsync(rounds, turn, atOnce, arguments.GetValue(users));
    await RunLogAsync(rounds, turn, atOnce);
});
return await command.Parse(args).InvokeAsync();

static async Task RunAsync(int pairs, TimeSpan turn, int callers, int? users)
{
    using var folder = new TemporaryFolder();
    await using var grouped = await Contender.StartAsync("grouped commits", folder, logging: "required", maxCommitSize: 512, users);
    await using var single = await Contender.StartAsync("one commit for each", folder, logging: "required", maxCommitSize: 1, users);
    await using var off = await Contender.StartAsync("logging off", folder, logging: "off", maxCommitSize: 512, users);
    Contender[] contenders = [grouped, single, off];

    // The JIT settles only after many requests.
    foreach (var contender in contenders) await contender.RunAsync(callers, TimeSpan.FromSeconds(10));
    var rounds = new List<Turn[]>();
    for (var round = 1; round <= pairs; round++)
    {
        var turns = new Turn[contenders.Length];
        for (var i = 0; i < turns.Length; i++) turns[i] = await contenders[i].RunAsync(callers, turn);
        rounds.Add(turns);
        Console.WriteLine($"round {round}: {string.Join("; ", contenders.Zip(turns, (contender, result) => $"{contender.Name} {result}"))}");
    }

    Console.WriteLine($"grouped over one commit for each: {Median(rounds, turns => turns[0].PerSecond / turns[1].PerSecond)}");
    Console.WriteLine($"grouped over logging off: {Median(rounds, turns => turns[0].PerSecond / turns[2].PerSecond)}");
    Console.WriteLine($"CPU of a record (grouped less off), us: {Median(rounds, turns => turns[0].CpuMicroseconds - turns[2].CpuMicroseconds)}");
}

static async Task RunLogAsync(int pairs, TimeSpan turn, int callers)
{
    using var folder = new TemporaryFolder();
    await using var log = await LogAlone.StartAsync(folder);
    await log.RunAsync(callers, TimeSpan.FromSeconds(5));
    var rounds = new List<Turn[]>();
    for (var round = 1; round <= pairs; round++)
    {
        rounds.Add([await log.RunAsync(callers, turn)]);
        Console.WriteLine($"round {round}: the log alone {rounds[^1][0]}");
    }

    Console.WriteLine($"CPU of a record in the log alone, us: {Median(rounds, turns => turns[0].CpuMicroseconds)}");
}

static string Median(List<Turn[]> rounds, Func<Turn[], double> ratio)
{
    var sorted = rounds.Select(ratio).Order().ToArray();
    return string.Create(CultureInfo.InvariantCulture, $"{sorted[sorted.Length / 2]:F2} ({sorted[0]:F2} to {sorted[^1]:F2})");
}
