namespace OrleansInference.SideBySide.Load;

/// <summary>Gives the bytes of the next request; called by many connections at once.</summary>
internal delegate ReadOnlyMemory<byte> NextRequest();

/// <summary>Prepared requests, taken in turn.</summary>
internal sealed class RequestCycle(byte[][] requests)
{
    private int _next = -1;

    public ReadOnlyMemory<byte> Next() => requests[(uint)Interlocked.Increment(ref _next) % (uint)requests.Length];
}
