using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using OrleansInference.UserMemory;

// Memory of an active user: without features, and with 15 of them over 60 events in live windows; and what is left once they are idle.
//
//   dotnet run -c Release --project bench/UserMemory -- [--users N] [--features None|All] [--recorded] [--collect] [--idle 00:00:20]
var users = new Option<int>("--users") { Description = "Users to activate.", DefaultValueFactory = _ => 20_000 };
var features = new Option<Features?>("--features") { Description = "None or All; both where it is not given." };
var recorded = new Option<bool>("--recorded") { Description = "Whether the predictions are recorded, and so enter the windows." };
var collect = new Option<bool>("--collect") { Description = "Whether to measure what is left when the users are collected, at once or by --idle." };
var idle = new Option<TimeSpan?>("--idle") { Description = "Inference:Users:IdleTimeout, which --collect then waits for; without it, it collects at once." };
var command = new RootCommand("What an active user costs in memory.") { users, features, recorded, collect, idle };
command.SetAction(async arguments =>
{
    Features[] measured = arguments.GetValue(features) is { } one ? [one] : [Features.None, Features.All];
    foreach (var each in measured) await MeasureAsync(each, arguments.GetValue(users), arguments.GetValue(recorded), arguments.GetValue(collect), arguments.GetValue(idle));
});
return await command.Parse(args).InvokeAsync();

static async Task MeasureAsync(Features features, int users, bool recorded, bool collect, TimeSpan? idle)
{
    await using var silo = await ActiveUsers.StartAsync(features, recorded, idle);

    // What the first users bring is the program's, not theirs.
    await silo.ActivateAsync("warm", 2_000);
    var before = Memory.Now();
    var clock = Stopwatch.StartNew();
    await silo.ActivateAsync("user", users);
    Print($"{features}: {users} users activated in {clock.Elapsed.TotalSeconds:F1} s, {users / clock.Elapsed.TotalSeconds:F0} a second");
    var active = Memory.Now();
    Print($"{features}: {(active.Heap - before.Heap) / (double)users:F0} bytes of managed heap and {(active.Resident - before.Resident) / (double)users:F0} of resident memory for each");

    if (!collect) return;
    clock.Restart();
    await silo.CollectAsync();
    var left = Memory.Now();
    Print($"{features}: all collected and a minute over after {clock.Elapsed.TotalSeconds:F0} s; heap {before}, {active}, {left} MiB before, with them and after (heap/resident)");
}

static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
