using System.Runtime.CompilerServices;

namespace IntegrationTests.Infrastructure;

/// <summary>Waits for what the program does by the clock: nothing but asking again tells when it has.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static Task TrueAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string asked = "") =>
        TrueAsync(() => Task.FromResult(condition()), asked);

    /// <summary>Waits for another millisecond, by which the log orders and bounds its ranges.</summary>
    public static Task NextMillisecondAsync()
    {
        var now = DateTimeOffset.UtcNow.AddMilliseconds(1);
        return TrueAsync(() => DateTimeOffset.UtcNow > now);
    }

    public static async Task TrueAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string asked = "")
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await condition())
        {
            if (patience.IsCancellationRequested) throw new TimeoutException($"still false after {Patience}: {asked}");
            await Task.Delay(20, CancellationToken.None);
        }
    }
}
