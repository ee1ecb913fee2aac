using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;

namespace FraudDemo.Commands;

/// <summary><c>simulate --out FILE</c>: the transactions of one simulation as CSV.</summary>
internal static class SimulateCommand
{
    private static readonly FraudSimulationOptions Defaults = new();

    private static readonly Option<FileInfo> Out = new("--out") { Description = "CSV file to write.", Required = true };
    private static readonly Option<int> Users = Number("--users", "Card holders.", Defaults.Users);
    private static readonly Option<int> Terminals = Number("--terminals", "Payment terminals.", Defaults.Terminals);
    private static readonly Option<int> Days = Number("--days", "Days from the start.", Defaults.Days);

    private static readonly Option<DateOnly?> Start = new("--start")
    {
        Description = $"First day, UTC. [default: {Defaults.Start:yyyy-MM-dd}]",
        HelpName = "yyyy-MM-dd",
        CustomParser = ParseDay,
    };

    private static readonly Option<long> Seed = new("--seed")
    {
        Description = "Another seed gives another world; the same seed the same.",
        DefaultValueFactory = _ => Defaults.Seed,
    };

    public static Command Create()
    {
        var command = new Command("simulate", "Write simulated card transactions to a CSV file.")
        {
            Out, Users, Terminals, Days, Start, Seed,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult arguments)
    {
        var options = OptionsFrom(arguments);
        if (options.FindFaults() is { Count: > 0 } faults) return WrongUsage.Refuse(arguments, faults);

        var clock = Stopwatch.StartNew();
        var data = FraudSimulator.Run(options);
        Report(data, clock.Elapsed);

        var file = arguments.GetRequiredValue(Out);
        TransactionCsv.Write(file.FullName, data.Transactions);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"Written to {file.FullName} after {clock.Elapsed.TotalSeconds:F2} s."));
        return 0;
    }

    private static FraudSimulationOptions OptionsFrom(ParseResult arguments) => new()
    {
        Users = arguments.GetValue(Users),
        Terminals = arguments.GetValue(Terminals),
        Days = arguments.GetValue(Days),
        Start = arguments.GetValue(Start) ?? Defaults.Start,
        Seed = arguments.GetValue(Seed),
    };

    private static void Report(FraudDataSet data, TimeSpan elapsed)
    {
        var frauds = data.Transactions.Count(transaction => transaction.Fraud);
        var share = data.Transactions.Length == 0 ? 0 : (double)frauds / data.Transactions.Length;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Simulated {data.Transactions.Length} transactions, {share:P2} fraud, in {elapsed.TotalSeconds:F2} s."));
    }

    private static Option<int> Number(string name, string description, int defaultValue)
        => new(name) { Description = description, DefaultValueFactory = _ => defaultValue };

    private static DateOnly? ParseDay(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (!DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            result.AddError($"--start is '{text}'; it must be a day as yyyy-MM-dd, for example 2018-04-01.");
        return day;
    }
}
