using Microsoft.Extensions.Options;

namespace OrleansInference.Grains.Models.Scheduling;

/// <summary>Gives each model its scheduler over the silo's inference threads.</summary>
public class InferenceSchedulers(IOptions<ModelServingOptions> options) : IDisposable
{
    private readonly InferenceThreads _threads = new(options.Value.Threads);

    /// <summary>A queue of its own for one more model.</summary>
    public virtual TaskScheduler Create() =>
        new InferenceTaskScheduler(_threads, options.Value.MaxThreadsPerModel ?? Math.Max(1, _threads.Count - 1));

    /// <inheritdoc cref="InferenceThreads.IdleCount"/>
    public int IdleThreads => _threads.IdleCount;

    /// <inheritdoc cref="InferenceThreads.TryQueueSpare"/>
    public bool TryQueueSpare(Action<CancellationToken> work) => _threads.TryQueueSpare(work);

    public void Dispose()
    {
        _threads.Dispose();
        GC.SuppressFinalize(this);
    }
}
