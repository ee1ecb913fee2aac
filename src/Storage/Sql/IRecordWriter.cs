using OrleansInference.Grains.PostProcessing;

namespace OrleansInference.Storage.Sql;

/// <summary>Groups the records of concurrent predictions into commits.</summary>
internal interface IRecordWriter
{
    /// <summary>See <see cref="IPredictionLog.AppendAsync"/>.</summary>
    Task<AppendOutcome> AppendAsync(PredictionRecord record, CancellationToken cancellationToken);
}
