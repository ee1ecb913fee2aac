namespace MicroBenchmarks;

/// <summary>Callers who each ask again as soon as they have their answer.</summary>
internal static class Calls
{
    public static Task RunAsync(int callers, int each, Func<int, Task> call)
    {
        return Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => AskAsync(caller))));

        async Task AskAsync(int caller)
        {
            for (var i = 0; i < each; i++) await call(caller);
        }
    }
}
