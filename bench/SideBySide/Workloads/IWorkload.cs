using OrleansInference.SideBySide.Measuring;

namespace OrleansInference.SideBySide.Workloads;

/// <summary>Something that servers are compared at.</summary>
internal interface IWorkload
{
    string Letter { get; }

    Task<WorkloadResult> RunAsync(Bench bench, CancellationToken cancellationToken);
}
