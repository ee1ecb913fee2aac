namespace OrleansInference.Grains.PostProcessing.Retention;

/// <summary>Port to what grows old: predictions and messages that are done.</summary>
public interface IRetention
{
    /// <summary>
    /// Deletes predictions older than <paramref name="before"/> with their outcomes, among the next <paramref name="most"/> from
    /// <paramref name="from"/> on. A user's last prediction stays whatever its age: its number fences the user off against an
    /// activation that has been overtaken. So does an event that no snapshot holds, while a window may reach back to it:
    /// that is from <paramref name="windowsFrom"/> on.
    /// </summary>
    /// <returns>How many went, and where to go on; null at the end.</returns>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    Task<(int Deleted, RetentionCursor? Next)> DeletePredictionsAsync(DateTimeOffset before, DateTimeOffset windowsFrom, RetentionCursor from, int most, CancellationToken cancellationToken);

    /// <summary>Deletes up to <paramref name="most"/> messages that were delivered before the one instant or became dead letters before the other.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    Task<int> DeleteMessagesAsync(DateTimeOffset deliveredBefore, DateTimeOffset deadBefore, int most, CancellationToken cancellationToken);
}

/// <summary>A place in the log by model and time.</summary>
/// <param name="Model">The model of its last record.</param>
/// <param name="CreatedAt">When its last record was made.</param>
/// <param name="Id">That record.</param>
public readonly record struct RetentionCursor(string Model, DateTimeOffset CreatedAt, Guid Id)
{
    /// <summary>Before every record.</summary>
    public static readonly RetentionCursor Start = new("", DateTimeOffset.UnixEpoch, Guid.Empty);
}
