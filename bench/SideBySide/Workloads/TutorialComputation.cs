using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using OrleansInference.SideBySide.Measuring;
using OrleansInference.SideBySide.Setup;

namespace OrleansInference.SideBySide.Workloads;

/// <summary>How long the tutorial's model computes, alone on one core.</summary>
internal static class TutorialComputation
{
    private const int Runs = 7;

    public static TimeSpan Measure(Workspace workspace)
    {
        using var settings = new Microsoft.ML.OnnxRuntime.SessionOptions { IntraOpNumThreads = 1 };
        using var session = new InferenceSession(BenchmarkModels.File(workspace, BenchmarkModels.Tutorial), settings);
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(new float[UserFeatures.Count + 1], [1, UserFeatures.Count + 1]);
        return TimeSpan.FromMilliseconds(Spread.Of(Enumerable.Range(0, Runs).Select(_ =>
        {
            var startedAt = Stopwatch.GetTimestamp();
            using var outputs = session.Run(options, [session.InputNames[0]], [input], [session.OutputNames[0]]);
            return Stopwatch.GetElapsedTime(startedAt).TotalMilliseconds;
        })).Median);
    }
}
