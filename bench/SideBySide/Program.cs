using System.CommandLine;
using OrleansInference.SideBySide;

// bench/run starts it.
var quick = new Option<bool>("--quick") { Description = "A, C and health in D, against minimal-api alone." };
var letters = new Option<string[]>("--workloads") { Description = "Which of A, B, C, A', E, A50 (A at half of the peak), D, raw, F, H, G; all of them by default.", AllowMultipleArgumentsPerToken = true };
var pairs = new Option<int>("--pairs") { Description = "Rounds in which each contender takes a turn.", DefaultValueFactory = _ => 5 };
var seconds = new Option<double>("--seconds") { Description = "Length of a turn.", DefaultValueFactory = _ => 2 };
var folder = new Option<string>("--folder") { Description = "Where models, published programs and results lie.", DefaultValueFactory = _ => Path.Combine("artifacts", "bench") };
var command = new RootCommand("This server beside what a user would pick instead, in turn, on one machine.") { quick, letters, pairs, seconds, folder };
command.SetAction((arguments, cancellationToken) => Comparison.RunAsync(
    new ComparisonOptions(
        arguments.GetValue(quick), arguments.GetValue(letters) ?? [], arguments.GetValue(pairs), TimeSpan.FromSeconds(arguments.GetValue(seconds)), arguments.GetValue(folder)!),
    cancellationToken));
// Ctrl-C ends at the end of a turn, so that no paused server is left behind.
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(2) });
