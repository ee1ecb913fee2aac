using OrleansInference.Grains.Models.Planning;

namespace OrleansInference.Grains.PostProcessing;

/// <summary>Port to the durable log of predictions.</summary>
public interface IPredictionLog
{
    /// <summary>Writes the record and its messages in one commit, in the order of the calls for each user.</summary>
    /// <param name="record">The record.</param>
    /// <param name="cancellationToken">Withdraws the record where its commit has not begun, and does nothing where it has.</param>
    /// <returns>
    /// Completes when both would survive the loss of this process, or when nothing will be written any more: until then the record is on
    /// its way, whoever still waits for it.
    /// </returns>
    /// <exception cref="InferenceException">StorageUnavailable; a retry with the same id or key is safe.</exception>
    Task<AppendOutcome> AppendAsync(PredictionRecord record, CancellationToken cancellationToken);

    /// <summary>The user's highest sequence number; 0 for a new user.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    Task<long> ReadLastSequenceAsync(string user);

    /// <summary>A record without its messages; null for an unknown id.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    Task<PredictionRecord?> ReadAsync(Guid id);

    /// <summary>The record of a user's idempotency key for a model; null for an unknown key.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    Task<PredictionRecord?> ReadByKeyAsync(string user, string model, string requestKey);

    /// <summary>Takes the key off that record, so that another may have it.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    Task ReleaseKeyAsync(Guid id);

    /// <summary>The user's last records, the latest first.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    Task<IReadOnlyList<PredictionRecord>> ReadLatestAsync(string user, int most);

    /// <summary>The user's records that were events and have a higher number, the lowest first.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    Task<IReadOnlyList<PredictionRecord>> ReadEventsAsync(string user, long after, int most);

    /// <summary>Says that the user's events up to a number are kept elsewhere, so that their records may go when they are old.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    Task ReleaseEventsAsync(string user, long through);

    /// <summary>A model's records by the time they were made, from <paramref name="after"/> on.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    Task<IReadOnlyList<PredictionRecord>> ReadRangeAsync(ExportQuery query, LogCursor? after, int most);

    /// <summary>How many records that range has, counted up to <paramref name="most"/>.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    Task<long> CountRangeAsync(ExportQuery query, long most);

    /// <summary>The schemas of all records of a model.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    Task<IReadOnlyList<FeatureSchema>> ReadSchemasAsync(string model);
}
