using System.Diagnostics.Metrics;
using IntegrationTests.Infrastructure;
using OrleansInference;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Models.Batching;
using OrleansInference.Grains.Models.Scheduling;
using OrleansInference.Grains.Models.Sessions;

namespace IntegrationTests.Serving;

/// <summary>A version of a test model as a silo serves it, without the silo: real session, batcher and threads.</summary>
internal sealed class ServedTestModel : IDisposable
{
    private readonly InferenceThreads _threads = new(2);

    public ServedTestModel(string model, BatchingOptions batching) =>
        Version = new ServedModelVersion(model, 1, Load(model), new InferenceTaskScheduler(_threads, 2), batching, TimeProvider.System, new InferenceInstruments(new Meters()));

    public ServedModelVersion Version { get; }

    public static IModelSession Load(string model) => new OnnxModelSessionFactory().Load(Path.Combine(Repository.TestModels, model, "1", "model.onnx"));

    public static Tensor Floats(string name, int rows, int columns, float first) =>
        Tensor.Create<float>(name, TensorDatatype.FP32, [rows, columns], [.. Enumerable.Range(0, rows * columns).Select(i => first + i)]);

    public void Dispose()
    {
        Version.Dispose();
        _threads.Dispose();
    }

    private sealed class Meters : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
        }
    }
}
