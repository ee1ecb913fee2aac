namespace OrleansInference.Grains.PostProcessing.Erasure;

/// <summary>Port to everything that is stored of a user, to remove it.</summary>
public interface IUserErasure
{
    /// <summary>Removes the user's predictions with their outcomes, and all messages. To be called again when it failed in the middle.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    Task<(int Predictions, int Messages)> DeleteAsync(string user, CancellationToken cancellationToken);

    /// <summary>Gives the user's predictions to <paramref name="pseudonym"/>, without their idempotency keys, and removes all messages, which name the user.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    Task<(int Predictions, int Messages)> PseudonymiseAsync(string user, string pseudonym, CancellationToken cancellationToken);
}
