using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using OrleansInference.UserMemory;

// Managed heap of an active user: a bare activation, and one with 15 features and 60 events in live windows.
//
//   dotnet run -c Release --project bench/UserMemory
var users = new Option<int>("--users") { Description = "Users to activate.", DefaultValueFactory = _ => 20_000 };
var command = new RootCommand("What an active user costs in memory.") { users };
command.SetAction(arguments => RunAsync(arguments.GetValue(users)));
return await command.Parse(args).InvokeAsync();

static async Task RunAsync(int users)
{
    await MeasureAsync(Features.None, users);
    await MeasureAsync(Features.All, users);
}

static async Task MeasureAsync(Features features, int users)
{
    await using var silo = await ActiveUsers.StartAsync(features);

    // What the first users bring is the program's, not theirs.
    await silo.ActivateAsync("warm", 2_000);
    var before = LiveBytes();
    var clock = Stopwatch.StartNew();
    await silo.ActivateAsync("user", users);
    var perSecond = users / clock.Elapsed.TotalSeconds;
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{features}: {(LiveBytes() - before) / (double)users:F0} bytes of managed heap for each active user, {users} users, {perSecond:F0} activated a second"));
}

static long LiveBytes()
{
    for (var i = 0; i < 3; i++)
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
    }

    return GC.GetTotalMemory(forceFullCollection: true);
}
