using System.CommandLine;

namespace FraudDemo.Commands;

/// <summary><c>terminal-risk</c>: makes the demo's database when it is missing, then serves the risk of its terminals.</summary>
internal static class TerminalRiskCommand
{
    private static readonly Option<string> Urls = ServiceCommand.UrlsOption(8091);

    private static readonly Option<DirectoryInfo> Data = new("--data")
    {
        Description = $"Directory of {FraudDatabase.FileName}, which is made when missing.",
        DefaultValueFactory = _ => new("data"),
    };

    public static Command Create()
    {
        var command = new Command("terminal-risk", "Serve the risk of payment terminals.") { Urls, Data };
        command.SetAction((arguments, _) => ServiceCommand.RunAsync(stopping => StartAsync(arguments, stopping)));
        return command;
    }

    private static async Task<TerminalRiskService> StartAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var path = Path.Combine(arguments.GetRequiredValue(Data).FullName, FraudDatabase.FileName);
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        await FraudDatabase.EnsureAsync(path, FraudDatabase.DemoOptions(today), Console.WriteLine, cancellationToken);
        return await TerminalRiskService.StartAsync(path, arguments.GetRequiredValue(Urls), cancellationToken);
    }
}
