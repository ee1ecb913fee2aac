using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using OrleansInference;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Models.Batching;
using OrleansInference.Grains.Models.Scheduling;
using OrleansInference.Grains.Models.Sessions;

namespace MicroBenchmarks;

/// <summary>The models that are measured, in a folder of their own, and what serves them.</summary>
internal sealed class BenchmarkModels : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("micro-benchmarks-").FullName;
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    /// <summary>A core is left to the callers.</summary>
    public static int Threads { get; } = Math.Max(1, Environment.ProcessorCount - 1);

    public BenchmarkModels()
    {
        Small = Write("mlp-256", MlpModel.Create(32, 256, 256, 1));
        Medium = Write("mlp-1024", MlpModel.Create(32, 1024, 1024, 512, 1));
        Slow = Write("slow", MlpModel.Create([32, 1024, 1024, 1], repeats: 190));
        Instruments = new InferenceInstruments(_services.GetRequiredService<IMeterFactory>());
    }

    /// <summary>32-256-256-1: about 17 us for a row.</summary>
    public string Small { get; }

    /// <summary>32-1024-1024-512-1: about 150 us for a row.</summary>
    public string Medium { get; }

    /// <summary>190 products of 1024 x 1024: about 10 ms for a row.</summary>
    public string Slow { get; }

    public InferenceInstruments Instruments { get; }

    public static IModelSession Load(string file) => new OnnxModelSessionFactory().Load(file);

    public ServedModelVersion Serve(IModelSession session, InferenceThreads threads) =>
        new("benchmark", 1, session, new InferenceTaskScheduler(threads, threads.Count), new BatchingOptions(), TimeProvider.System, Instruments);

    public static Tensor[] Rows(int rows)
    {
        var random = new Random(2);
        var values = new float[rows * 32];
        for (var i = 0; i < values.Length; i++) values[i] = random.NextSingle();
        return [Tensor.Create<float>("x", TensorDatatype.FP32, [rows, 32], values)];
    }

    public void Dispose()
    {
        _services.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Write(string name, byte[] model)
    {
        var file = Path.Combine(_folder, $"{name}.onnx");
        File.WriteAllBytes(file, model);
        return file;
    }
}
