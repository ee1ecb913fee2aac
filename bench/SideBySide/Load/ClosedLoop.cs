using System.Diagnostics;
using System.Net.Sockets;

namespace OrleansInference.SideBySide.Load;

/// <summary>Callers that each ask again as soon as they are answered: the most that a server can do.</summary>
internal static class ClosedLoop
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Over HTTP/1.1.</summary>
    public static Task<LoadResult> RunAsync(int port, int callers, TimeSpan turn, NextRequest next) =>
        RunAsync(callers, turn, async cancellationToken => new HttpCaller(await HttpExchange.ConnectAsync(port, cancellationToken), next));

    public static async Task<LoadResult> RunAsync(int callers, TimeSpan turn, Func<CancellationToken, Task<ILoadCaller>> connectAsync)
    {
        using var patience = new CancellationTokenSource(turn + Patience);
        var latencies = Latencies.Create();
        var startedAt = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(AskAsync)));
        return new LoadResult(counts.Sum(count => count.Answers), counts.Sum(count => count.Failures), turn, latencies);

        async Task<(long Answers, long Failures)> AskAsync()
        {
            long answers = 0, failures = 0;
            var caller = await connectAsync(patience.Token);
            try
            {
                while (Stopwatch.GetElapsedTime(startedAt) < turn)
                {
                    var askedAt = Stopwatch.GetTimestamp();
                    var isGood = await TryAskAsync(caller);
                    if (Stopwatch.GetElapsedTime(startedAt) >= turn) break;
                    latencies.Record(Stopwatch.GetElapsedTime(askedAt));
                    if (isGood is true) answers++;
                    else failures++;
                    if (isGood is not null) continue;
                    caller.Dispose();
                    if (patience.IsCancellationRequested) break;
                    caller = await connectAsync(patience.Token);
                }
            }
            finally
            {
                caller.Dispose();
            }

            return (answers, failures);
        }

        // Null where the server has closed the connection, or does not answer: a failure like another.
        async ValueTask<bool?> TryAskAsync(ILoadCaller caller)
        {
            try
            {
                return await caller.AskAsync(patience.Token);
            }
            catch (Exception e) when (e is InvalidOperationException or SocketException or OperationCanceledException)
            {
                return null;
            }
        }
    }
}
