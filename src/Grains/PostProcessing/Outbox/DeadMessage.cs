namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>A message that was given up.</summary>
/// <param name="Position">Its place in the outbox.</param>
/// <param name="MessageId">Its id, which is its key at the receiver.</param>
/// <param name="PredictionId">The prediction that owed it.</param>
/// <param name="User">Whose it is, see <see cref="UserKey"/>.</param>
/// <param name="Kind"><c>alert</c> or <c>workflow</c>.</param>
/// <param name="Target">The webhook's name.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="CreatedAt">When the prediction was recorded.</param>
/// <param name="DiedAt">When it was given up.</param>
/// <param name="LastError">Why the last attempt failed.</param>
public sealed record DeadMessage(
    long Position,
    string MessageId,
    Guid PredictionId,
    string User,
    string Kind,
    string Target,
    int Attempts,
    DateTimeOffset CreatedAt,
    DateTimeOffset DiedAt,
    string LastError);
