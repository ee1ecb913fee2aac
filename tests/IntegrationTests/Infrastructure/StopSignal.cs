namespace IntegrationTests.Infrastructure;

/// <summary>The signals that ask a process to end.</summary>
public enum StopSignal
{
    /// <summary>SIGINT, as Ctrl-C sends it.</summary>
    Interrupt = 2,

    /// <summary>SIGTERM, as service managers send it.</summary>
    Terminate = 15,
}
