namespace OrleansInference.Grains.PostProcessing;

/// <summary>What became of a record that was handed to the log.</summary>
public enum AppendOutcome
{
    /// <summary>It is on disk, with its messages.</summary>
    Appended = 0,

    /// <summary>The log has a prediction with this id, or with this user's key for the model, already.</summary>
    Repeated = 1,

    /// <summary>The user's sequence number is taken: another activation has written for the user.</summary>
    Superseded = 2,

    /// <summary>An earlier record of its chain was not written.</summary>
    Broken = 3,
}
