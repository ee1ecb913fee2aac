using System.Globalization;

namespace OrleansInference.UserMemory;

/// <summary>Bytes of this process once everything that can be freed is.</summary>
/// <param name="Heap">Live objects.</param>
/// <param name="Resident">What the operating system says.</param>
internal readonly record struct Memory(long Heap, long Resident)
{
    private const double MiB = 1024 * 1024;

    public static Memory Now()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return new Memory(GC.GetTotalMemory(forceFullCollection: true), Environment.WorkingSet);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Heap / MiB:F0}/{Resident / MiB:F0}");
}
