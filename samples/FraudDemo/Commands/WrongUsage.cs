using System.CommandLine;

namespace FraudDemo.Commands;

/// <summary>How the program refuses a command line: what is wrong, where help is, exit code 2.</summary>
internal static class WrongUsage
{
    private const int ExitCode = 2;

    public static int Refuse(ParseResult arguments, IEnumerable<string> errors)
    {
        var command = arguments.CommandResult.Command;
        foreach (var error in errors) Console.Error.WriteLine(error);
        Console.Error.WriteLine($"See: FraudDemo {(command is RootCommand ? "" : command.Name + " ")}--help");
        return ExitCode;
    }
}
