using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;

namespace OrleansInference.ModelCheck;

/// <summary>Times of runs in microseconds.</summary>
internal readonly record struct RunTimes(double Median, double Percentile99, double Least);

/// <summary>Measures how long a model takes, and how soon it stops when told to.</summary>
internal static class Stopwatches
{
    /// <summary>Goes round the rows, so that a tree model does not see one path again and again; a tenth of the runs warms up.</summary>
    public static RunTimes Measure(CheckedModel model, CsvRows rows, int rowsPerRun, int runs)
    {
        if (rows.Count < rowsPerRun)
            throw new InvalidDataException($"A run of {rowsPerRun} rows needs as many in the file; it has {rows.Count}.");
        var slices = Enumerable.Range(0, rows.Count / rowsPerRun).Select(i => rows.Slice(i * rowsPerRun, rowsPerRun)).ToArray();
        var warmUps = Math.Max(1, runs / 10);
        for (var run = 0; run < warmUps; run++)
            model.Run(slices[run % slices.Length]);

        var times = new double[runs];
        for (var run = 0; run < runs; run++)
        {
            var start = Stopwatch.GetTimestamp();
            model.Run(slices[(warmUps + run) % slices.Length]);
            times[run] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        Array.Sort(times);
        return new RunTimes(times[runs / 2], times[runs * 99 / 100], times[0]);
    }

    public static TimeSpan MeasureTermination(CheckedModel model, CsvRows rows, TimeSpan after)
    {
        using var runOptions = new RunOptions();
        var terminatedAt = 0L;
        using var timer = new Timer(Terminate, null, after, Timeout.InfiniteTimeSpan);
        try
        {
            model.Run(rows.Slice(0, 1), runOptions);
        }
        catch (OnnxRuntimeException) when (terminatedAt != 0)
        {
            return Stopwatch.GetElapsedTime(terminatedAt);
        }

        throw new InvalidDataException($"The run ended by itself in less than {after.TotalMilliseconds} ms.");

        void Terminate(object? state)
        {
            terminatedAt = Stopwatch.GetTimestamp();
            runOptions.Terminate = true;
        }
    }
}
