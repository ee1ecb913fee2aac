using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using FraudDemo.Replay;

namespace FraudDemo.Commands;

/// <summary><c>replay --file user_windows.csv.gz</c>: the published transactions as predictions, and their live windows against the published ones.</summary>
internal static class ReplayCommand
{
    private const int Failed = 1;

    private static readonly Option<FileInfo> In = new("--file") { Description = "user_windows.csv.gz.", Required = true };
    private static readonly Option<string> Url = new("--url") { Description = "The server.", DefaultValueFactory = _ => "http://127.0.0.1:8080" };
    private static readonly Option<string> Model = new("--model") { Description = "The model whose request has amount and at.", DefaultValueFactory = _ => "spending" };
    private static readonly Option<string> View = new("--view") { Description = "The window view.", DefaultValueFactory = _ => "spending" };
    private static readonly Option<string> Prefix = new("--user-prefix") { Description = "Before the user ids; another one replays for other users.", DefaultValueFactory = _ => "published-" };
    private static readonly Option<int> Rows = new("--rows") { Description = "Most transactions.", DefaultValueFactory = _ => int.MaxValue };
    private static readonly Option<int> BatchSize = new("--batch") { Description = "Users of one request, 1 to 1000.", DefaultValueFactory = _ => 250 };

    public static Command Create()
    {
        var command = new Command("replay", "Send the published transactions to a server as predictions, and compare its live windows with the published ones.")
        {
            In, Url, Model, View, Prefix, Rows, BatchSize,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(arguments.GetValue(Url), UriKind.Absolute, out var url)) return WrongUsage.Refuse(arguments, [$"--url is '{arguments.GetValue(Url)}'; it must be an address such as http://127.0.0.1:8080."]);
        if (arguments.GetValue(BatchSize) is < 1 or > 1000) return WrongUsage.Refuse(arguments, [$"--batch is {arguments.GetValue(BatchSize)}; it must be 1 to 1000."]);

        try
        {
            using var http = new HttpClient { BaseAddress = url };
            return await RunAsync(arguments, http, cancellationToken);
        }
        catch (Exception e) when (e is InvalidOperationException or InvalidDataException or TimeoutException or HttpRequestException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return Failed;
        }
    }

    private static async Task<int> RunAsync(ParseResult arguments, HttpClient http, CancellationToken cancellationToken)
    {
        var transactions = PublishedTransaction.ReadAll(arguments.GetRequiredValue(In).FullName, arguments.GetValue(Rows));
        Tell($"{transactions.Count} transactions of {transactions.DistinctBy(one => one.UserId).Count()} users to {http.BaseAddress}");
        var model = arguments.GetRequiredValue(Model);
        var run = new ReplayRun(new PredictionSender(http, model, arguments.GetRequiredValue(Prefix)), arguments.GetValue(BatchSize), TimeProvider.System);

        var clock = Stopwatch.StartNew();
        Guid[] ids;
        await using (new Timer(_ => TellProgress(run, transactions.Count, clock), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1))) ids = await run.RunAsync(transactions, cancellationToken);
        clock.Stop();
        TellProgress(run, transactions.Count, clock);

        var (equal, differences) = await new WindowCheck(http, model, arguments.GetRequiredValue(View)).RunAsync(transactions, ids, cancellationToken);
        foreach (var difference in differences) Tell($"{difference}");
        Tell($"{equal} of {transactions.Count} transactions have all {PublishedTransaction.WindowNames.Count} features as published");
        return equal == transactions.Count ? 0 : Failed;
    }

    private static void TellProgress(ReplayRun run, int all, Stopwatch clock) => Tell(
        $"{(double)run.Answered / Math.Max(1, all),4:P0}  {run.Answered} answered, {run.Answered / clock.Elapsed.TotalSeconds:F0} a second, {run.Repeated} sent again");

    private static void Tell(FormattableString text) => Console.WriteLine(FormattableString.Invariant(text));
}
