using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;

namespace OrleansInference.SideBySide.Load;

/// <summary>Requests at fixed times, whether or not earlier ones are answered: what users do. Latency counts from the intended time.</summary>
internal static class OpenLoop
{
    private const int MaxConnections = 512;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task<LoadResult> RunAsync(int port, double perSecond, TimeSpan turn, NextRequest next)
    {
        using var patience = new CancellationTokenSource(turn + Patience);
        var latencies = Latencies.Create();
        var idle = new ConcurrentStack<HttpExchange>();
        for (var i = 0; i < 64; i++) idle.Push(await HttpExchange.ConnectAsync(port, patience.Token));
        var connections = idle.Count;
        long answers = 0, failures = 0;
        var total = (int)(perSecond * turn.TotalSeconds);
        var asked = new List<Task>(total);

        // A thread of its own, since timers of the thread pool are late by more than a request takes.
        var paced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(Pace) { IsBackground = true }.Start();
        await paced.Task;
        await Task.WhenAll(asked);
        while (idle.TryPop(out var exchange)) exchange.Dispose();
        return new LoadResult(answers, failures, turn, latencies);

        void Pace()
        {
            var startedAt = Stopwatch.GetTimestamp();
            for (var i = 0; i < total; i++)
            {
                var due = TimeSpan.FromSeconds(i / perSecond);
                PreciseSleep.Until(startedAt, due);
                asked.Add(AskAsync(startedAt, due));
            }

            paced.SetResult();
        }

        async Task AskAsync(long startedAt, TimeSpan due)
        {
            if (!idle.TryPop(out var exchange))
            {
                if (Interlocked.Increment(ref connections) > MaxConnections)
                {
                    Interlocked.Increment(ref failures);
                    Interlocked.Decrement(ref connections);
                    return;
                }

                exchange = await HttpExchange.ConnectAsync(port, patience.Token);
            }

            try
            {
                var status = await exchange.SendAsync(next(), patience.Token);
                Interlocked.Increment(ref status == 200 ? ref answers : ref failures);
                idle.Push(exchange);
            }
            catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or SocketException)
            {
                // Not answered in all that time, or the connection was closed.
                Interlocked.Increment(ref failures);
                exchange.Dispose();
            }

            latencies.Record(Stopwatch.GetElapsedTime(startedAt) - due);
        }
    }
}
