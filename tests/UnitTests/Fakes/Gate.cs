namespace UnitTests.Fakes;

/// <summary>A point that work reaches, and where it stays until the test lets it go on. Armed before the work begins.</summary>
internal sealed class Gate : IDisposable
{
    // Long enough for a machine under load; only a failing test waits for it.
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _open = new();

    /// <summary>Completes when the work has come to the gate.</summary>
    public Task Reached => _reached.Task.WaitAsync(Patience);

    /// <summary>Called by the work: reports that it is here and waits.</summary>
    public void Pass(CancellationToken cancellationToken)
    {
        _reached.TrySetResult();
        if (!_open.Wait(Patience, cancellationToken)) throw new TimeoutException("nobody opened the gate");
    }

    public void Open() => _open.Set();

    public void Dispose()
    {
        _open.Set();
        _open.Dispose();
    }
}
