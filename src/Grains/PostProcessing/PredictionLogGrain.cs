using Orleans.Concurrency;

namespace OrleansInference.Grains.PostProcessing;

/// <summary>Reads the log for callers outside the silo.</summary>
[StatelessWorker(1), Reentrant, GrainType("prediction-log")]
internal sealed class PredictionLogGrain(IPredictionLog log) : Grain, IPredictionLogGrain
{
    public async Task<RecordedPrediction> GetAsync(Guid predictionId) =>
        RecordedPredictions.From(await log.ReadAsync(predictionId) ?? throw NotFound(predictionId));

    private static InferenceException NotFound(Guid id) =>
        new(InferenceErrorCode.NotFound, $"There is no prediction {id}. It was never recorded, was erased, or is in another database.");
}
