using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace UnitTests.Fakes;

/// <summary>Keeps what was logged.</summary>
internal class FakeLogger : ILogger
{
    private readonly ConcurrentQueue<string> _messages = new();

    public IReadOnlyCollection<string> Messages => _messages;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _messages.Enqueue(formatter(state, exception));
}

/// <summary>The same for one class.</summary>
internal sealed class FakeLogger<T> : FakeLogger, ILogger<T>;

/// <summary>The same logger for every category.</summary>
internal sealed class FakeLoggerProvider : FakeLogger, ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose()
    {
    }
}
