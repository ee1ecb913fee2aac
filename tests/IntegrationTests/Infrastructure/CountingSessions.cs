using OrleansInference;
using OrleansInference.Grains.Models.Sessions;

namespace IntegrationTests.Infrastructure;

/// <summary>The real sessions, counted; a load can be held back.</summary>
internal sealed class CountingSessions : IModelSessionFactory
{
    private readonly OnnxModelSessionFactory _real = new();
    private readonly Lock _lock = new();
    private int _resident;

    /// <summary>Called before each load, on its thread.</summary>
    public Action<string> OnLoad { get; set; } = _ => { };

    /// <summary>Most sessions that were in memory at once.</summary>
    public int MostResident { get; private set; }

    public int Loads { get; private set; }

    public IModelSession Load(string modelFile)
    {
        OnLoad(modelFile);
        lock (_lock)
        {
            Loads++;
            MostResident = Math.Max(MostResident, ++_resident);
        }

        return new CountedSession(_real.Load(modelFile), this);
    }

    private sealed class CountedSession(IModelSession real, CountingSessions sessions) : IModelSession
    {
        public ModelMetadata Metadata => real.Metadata;

        public IReadOnlyList<Tensor> Run(IReadOnlyList<Tensor> inputs, CancellationToken cancellationToken) => real.Run(inputs, cancellationToken);

        public bool Run(InferenceBatch batch, CancellationToken cancellationToken) => real.Run(batch, cancellationToken);

        public void Dispose()
        {
            real.Dispose();
            lock (sessions._lock) sessions._resident--;
        }
    }
}
