using System.Collections.Concurrent;

namespace FraudDemo;

/// <summary>As many readers as there are requests at the same time, kept open for the next ones.</summary>
internal sealed class TerminalRiskReaderPool(string connectionString) : IDisposable
{
    private readonly ConcurrentBag<TerminalRiskReader> _idle = [];

    /// <summary>As <see cref="TerminalRiskReader.Find"/>, for any thread.</summary>
    public TerminalRisk? Find(int terminalId, DateTimeOffset at)
    {
        var reader = _idle.TryTake(out var idle) ? idle : new(connectionString);
        try
        {
            return reader.Find(terminalId, at);
        }
        finally
        {
            _idle.Add(reader);
        }
    }

    public void Dispose()
    {
        while (_idle.TryTake(out var reader)) reader.Dispose();
    }
}
