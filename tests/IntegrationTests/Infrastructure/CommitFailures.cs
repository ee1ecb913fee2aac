namespace IntegrationTests.Infrastructure;

/// <summary>Another connection that takes the write lock and lets it go, so that some commits pass and some do not.</summary>
internal sealed class CommitFailures : IAsyncDisposable
{
    // Longer than a commit takes, and than Inference:Sqlite:BusyTimeout in the tests that use it.
    private static readonly TimeSpan Hold = TimeSpan.FromMilliseconds(8);

    private readonly CancellationTokenSource _done = new();
    private readonly Task _failing;

    public CommitFailures(PredictionDatabase log) => _failing = Task.Run(() => FailAsync(log, _done.Token));

    public async ValueTask DisposeAsync()
    {
        await _done.CancelAsync();
        await _failing;
        _done.Dispose();
    }

    private static async Task FailAsync(PredictionDatabase log, CancellationToken done)
    {
        using var other = log.Open();
        using (var patience = other.CreateCommand())
        {
            // SQLite's own wait takes the lock as soon as it is free; the driver's looks every 150 ms.
            patience.CommandText = "PRAGMA busy_timeout = 1000";
            patience.ExecuteNonQuery();
        }

        while (!done.IsCancellationRequested)
        {
            using (other.BeginTransaction(deferred: false)) await Task.Delay(Hold, CancellationToken.None);
            await Task.Delay(Hold, CancellationToken.None);
        }
    }
}
