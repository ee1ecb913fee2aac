using System.Diagnostics;
using System.Runtime.InteropServices;

namespace OrleansInference.SideBySide.Load;

/// <summary>Sleeps to within some 60 us, where <see cref="Thread.Sleep(TimeSpan)"/> is exact to a millisecond.</summary>
internal static partial class PreciseSleep
{
    public static void Until(long startedAt, TimeSpan due)
    {
        for (var left = due - Stopwatch.GetElapsedTime(startedAt); left > TimeSpan.Zero; left = due - Stopwatch.GetElapsedTime(startedAt))
        {
            var request = new TimeSpec { Seconds = (long)left.TotalSeconds, Nanoseconds = (long)left.TotalNanoseconds % 1_000_000_000 };
            _ = Nanosleep(in request, 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int Nanosleep(in TimeSpec request, nint remaining);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
