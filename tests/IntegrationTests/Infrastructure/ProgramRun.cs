namespace IntegrationTests.Infrastructure;

/// <summary>How a program ended, and what it printed on each stream.</summary>
internal sealed record ProgramRun(int ExitCode, string Output, string Errors);
