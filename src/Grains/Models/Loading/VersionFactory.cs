using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models.Batching;
using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models.Loading;

/// <summary>Versions that run ONNX files.</summary>
internal sealed class VersionFactory(IModelSessionFactory sessions, TimeProvider time, InferenceInstruments instruments) : IVersionFactory
{
    public IServedVersion Load(string model, int version, string file, BatchingOptions batching, TaskScheduler scheduler)
    {
        ExternalData.ThrowIfOutside(file);
        var session = sessions.Load(file);
        return new HeldVersion(model, new ServedModelVersion(model, version, session, scheduler, batching.MaxQueueLength, time, instruments), batching);
    }

    // Until versions count their holders themselves.
    private sealed class HeldVersion(string model, ServedModelVersion inner, BatchingOptions batching) : IServedVersion
    {
        private readonly TaskCompletionSource _freed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _holders = 1;
        private int _retired;

        public int Version => inner.Version;

        public string Platform => "onnx_onnxv1";

        public ModelMetadata Metadata => inner.Metadata;

        public int MaxBatchSize => Metadata.Inputs.Concat(Metadata.Outputs).All(tensor => tensor.Shape is [-1, ..]) ? batching.MaxBatchSize : 0;

        public ModelStatistics Statistics => new() { Name = model, Version = Version };

        public bool TryAcquire()
        {
            for (var holders = Volatile.Read(ref _holders); holders > 0; holders = Volatile.Read(ref _holders))
            {
                if (Interlocked.CompareExchange(ref _holders, holders + 1, holders) == holders) return true;
            }

            return false;
        }

        public void Release()
        {
            if (Interlocked.Decrement(ref _holders) > 0) return;
            inner.Dispose();
            _freed.TrySetResult();
        }

        public Task RetireAsync()
        {
            if (Interlocked.Exchange(ref _retired, 1) == 0) Release();
            return _freed.Task;
        }

        public Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken) => inner.InferAsync(request, cancellationToken);
    }
}
