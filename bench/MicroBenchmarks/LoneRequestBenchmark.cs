using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using OrleansInference;
using OrleansInference.Grains.Models.Scheduling;

namespace MicroBenchmarks;

/// <summary>What a request that is alone pays for batcher, scheduler and threads, over the runtime's own <c>Run</c>.</summary>
internal static class LoneRequestBenchmark
{
    public static async Task RunAsync(BenchmarkModels models, TimeSpan length)
    {
        await MeasureAsync(models, "150 us model", models.Medium, length);
        await MeasureAsync(models, "20 ms model", models.Slow, length);
    }

    private static async Task MeasureAsync(BenchmarkModels models, string name, string file, TimeSpan length)
    {
        using var direct = new DirectRun(file);
        using var bare = new BareHandOver(new DirectRun(file));
        using var threads = new InferenceThreads(Math.Max(1, Environment.ProcessorCount - 1));
        using var version = models.Serve(BenchmarkModels.Load(file), threads);
        var request = new InferenceRequest { Inputs = BenchmarkModels.Rows(1) };
        var (alone, handed, served) = (new Durations(), new Durations(), new Durations());
        var startedAt = Stopwatch.GetTimestamp();
        for (var warm = false; Stopwatch.GetElapsedTime(startedAt) < 2 * length;)
        {
            // The first fifth warms up.
            if (!warm && Stopwatch.GetElapsedTime(startedAt) > length / 2.5)
            {
                alone.Clear();
                handed.Clear();
                served.Clear();
                warm = true;
            }

            var handedAt = Stopwatch.GetTimestamp();
            await bare.RunAsync();
            handed.AddSince(handedAt);

            // Who goes second finds other caches: each side does it every other time.
            if (alone.Count % 2 == 0) MeasureDirect();
            var servedAt = Stopwatch.GetTimestamp();
            await version.InferAsync(request, CancellationToken.None);
            served.AddSince(servedAt);
            if (alone.Count < served.Count) MeasureDirect();
        }

        void MeasureDirect()
        {
            var directAt = Stopwatch.GetTimestamp();
            direct.Run();
            alone.AddSince(directAt);
        }

        Console.WriteLine(
            $"lone, {name}: direct {alone}; handed to a bare thread {handed}; served {served}; served is +{served.Median - alone.Median:F1} us ({100 * (served.Median / alone.Median - 1):F1} %) over direct, "
            + $"{served.Median - handed.Median:+0.0;-0.0} us over the bare thread");
    }

    /// <summary>The runtime alone, on the caller's thread.</summary>
    private sealed class DirectRun : IDisposable
    {
        private readonly SessionOptions _sessionOptions = new() { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        private readonly RunOptions _options = new();
        private readonly InferenceSession _session;
        private readonly OrtValue _input = OrtValue.CreateTensorValueFromMemory(BenchmarkModels.Rows(1)[0].Elements<float>().ToArray(), [1, 32]);

        public DirectRun(string file) => _session = new InferenceSession(file, _sessionOptions);

        public void Run()
        {
            using var outputs = _session.Run(_options, ["x"], [_input], ["y"]);
        }

        public void Dispose()
        {
            _input.Dispose();
            _session.Dispose();
            _options.Dispose();
            _sessionOptions.Dispose();
        }
    }

    /// <summary>The least that a run on another thread costs on this machine: two wake-ups, and the other core's caches.</summary>
    private sealed class BareHandOver : IDisposable
    {
        private readonly DirectRun _run;
        private readonly SemaphoreSlim _asked = new(0);
        private readonly Thread _thread;
        private TaskCompletionSource? _answer;

        public BareHandOver(DirectRun run)
        {
            _run = run;
            _thread = new Thread(Answer) { IsBackground = true };
            _thread.Start();
        }

        public Task RunAsync()
        {
            var answer = _answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _asked.Release();
            return answer.Task;
        }

        public void Dispose()
        {
            _answer = null;
            _asked.Release();
            _thread.Join();
            _asked.Dispose();
            _run.Dispose();
        }

        private void Answer()
        {
            while (true)
            {
                _asked.Wait();
                if (_answer is not { } answer) return;
                _run.Run();
                answer.SetResult();
            }
        }
    }
}
