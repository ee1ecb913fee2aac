using System.CommandLine;
using System.CommandLine.Parsing;

namespace FraudDemo.Commands;

/// <summary>A command that runs one service until Ctrl-C or SIGTERM.</summary>
internal static class ServiceCommand
{
    /// <summary>A command with the option <c>--urls</c> and nothing else to set.</summary>
    public static Command Create<TService>(
        string name, string description, int port, Func<string, CancellationToken, Task<TService>> startAsync)
        where TService : IDemoService
    {
        var urls = UrlsOption(port);
        var command = new Command(name, description) { urls };
        command.SetAction((arguments, _) => RunAsync(stopping => startAsync(arguments.GetRequiredValue(urls), stopping)));
        return command;
    }

    /// <summary><c>--urls</c>, checked before anything starts.</summary>
    public static Option<string> UrlsOption(int port)
    {
        var option = new Option<string>("--urls")
        {
            Description = "Loopback address to listen on; port 0 takes a free one.",
            DefaultValueFactory = _ => $"http://127.0.0.1:{port}",
        };
        option.Validators.Add(RefuseOtherThanLoopback);
        return option;
    }

    /// <summary>Starts the service, says where it listens, and waits for the end.</summary>
    public static async Task<int> RunAsync<TService>(Func<CancellationToken, Task<TService>> startAsync)
        where TService : IDemoService
    {
        using var stop = new StopSignal();
        try
        {
            await using var service = await startAsync(stop.Token);
            Console.WriteLine($"Listening on {service.Address}. Ctrl-C ends it.");
            await Task.Delay(Timeout.Infinite, stop.Token);
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            // Asked to end, while starting or after: that is a success.
        }

        return 0;
    }

    private static void RefuseOtherThanLoopback(OptionResult result)
    {
        if (result.Tokens is [var url] && LoopbackUrl.FindFault(url.Value) is { } fault) result.AddError($"--urls: {fault}");
    }
}
