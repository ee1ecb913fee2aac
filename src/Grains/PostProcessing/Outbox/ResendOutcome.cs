namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>What became of the wish to send a dead letter again.</summary>
public enum ResendOutcome
{
    /// <summary>It is due.</summary>
    Due = 0,

    /// <summary>There is no message of that id.</summary>
    Unknown = 1,

    /// <summary>The message waits for its delivery.</summary>
    Waiting = 2,

    /// <summary>The message was delivered.</summary>
    Delivered = 3,
}
