namespace OrleansInference.Grains.PostProcessing;

/// <summary>Port to the durable log of predictions.</summary>
public interface IPredictionLog
{
    /// <summary>Writes the record and its messages in one commit, in the order of the calls for each user.</summary>
    /// <returns>
    /// Completes when both would survive the loss of this process. False: nothing was written, since the user's sequence number
    /// or the record's id is taken, so another activation owns this user.
    /// </returns>
    /// <exception cref="InferenceException">StorageUnavailable: nothing was written, and a retry is safe.</exception>
    /// <exception cref="OperationCanceledException">The caller's time was up; the record may have been written.</exception>
    Task<bool> AppendAsync(PredictionRecord record, CancellationToken cancellationToken);

    /// <summary>The user's highest sequence number; 0 for a new user.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    Task<long> ReadLastSequenceAsync(string user);

    /// <summary>A record without its messages; null for an unknown id.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    Task<PredictionRecord?> ReadAsync(Guid id);
}
