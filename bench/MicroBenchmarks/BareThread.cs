using System.Collections.Concurrent;

namespace MicroBenchmarks;

/// <summary>The least that work on another thread costs on this machine: two wake-ups, and the other core's caches.</summary>
internal sealed class BareThread : IDisposable
{
    private readonly ConcurrentQueue<(Action Work, TaskCompletionSource Done)> _waiting = new();
    private readonly SemaphoreSlim _asked = new(0);
    private readonly Thread _thread;

    public BareThread()
    {
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    public Task RunAsync(Action work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Enqueue((work, done));
        _asked.Release();
        return done.Task;
    }

    public void Dispose()
    {
        _asked.Release();
        _thread.Join();
        _asked.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _asked.Wait();

            // Woken for nothing: this is the end.
            if (!_waiting.TryDequeue(out var next)) return;
            next.Work();
            next.Done.SetResult();
        }
    }
}
