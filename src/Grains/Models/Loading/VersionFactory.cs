using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models.Batching;
using OrleansInference.Grains.Models.Routing;
using OrleansInference.Grains.Models.Scheduling;
using OrleansInference.Grains.Models.Sessions;
using OrleansInference.Grains.Models.Shadowing;

namespace OrleansInference.Grains.Models.Loading;

/// <summary>Versions that run ONNX files.</summary>
internal sealed class VersionFactory(
    IModelSessionFactory sessions, InferenceSchedulers schedulers, TimeProvider time, InferenceInstruments instruments, ILogger<ServedModelVersion> logger) : IVersionFactory
{
    public IServedVersion Load(string model, int version, string file, BatchingOptions batching, TaskScheduler scheduler)
    {
        ExternalData.ThrowIfOutside(file);
        var session = sessions.Load(file);
        ModelWarmUp.RunLargestBatch(session, batching.MaxBatchSize);
        var served = new ServedModelVersion(model, version, session, scheduler, batching, time, instruments, logger);
        return new RolloutVersion(model, served, new SpareVersion(model, served, session, schedulers.TryQueueSpare), time, instruments);
    }
}
