using System.CommandLine;
using System.CommandLine.Invocation;
using FraudDemo;
using FraudDemo.Commands;

const int Failed = 1;

var root = new RootCommand("The fraud demo: simulated card transactions and the services around them.")
{
    SimulateCommand.Create(),
    ReplayCommand.Create(),
    TerminalRiskCommand.Create(),
    ServiceCommand.Create("webhook-receiver", "Receive and show alerts and workflow triggers.", 8092, WebhookReceiver.StartAsync),
    ServiceCommand.Create("tutorial-info", "Answer as the tutorial's service, after 100 ms.", 8093, TutorialInfoService.StartAsync),
};
var arguments = root.Parse(args);
if (arguments.Action is ParseErrorAction) return WrongUsage.Refuse(arguments, arguments.Errors.Select(error => error.Message));

try
{
    return await arguments.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
}
catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return Failed;
}
