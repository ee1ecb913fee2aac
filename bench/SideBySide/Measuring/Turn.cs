using OrleansInference.SideBySide.Load;

namespace OrleansInference.SideBySide.Measuring;

/// <summary>What one turn of a contestant gave.</summary>
internal sealed record Turn(LoadResult Load, TimeSpan CpuTime, TimeSpan InferenceCpuTime, long ResidentBytes)
{
    public double PerSecond => Load.PerSecond;

    public double CpuMicroseconds => CpuTime.TotalMicroseconds / Load.Answers;

    public double PerInferenceCpuSecond => Load.Answers / InferenceCpuTime.TotalSeconds;
}
