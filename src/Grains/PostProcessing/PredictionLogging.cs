namespace OrleansInference.Grains.PostProcessing;

/// <summary>What a reply means for the log; <c>predict.logging</c> in the manifest.</summary>
public enum PredictionLogging
{
    /// <summary>A reply means that the record and its messages are on disk.</summary>
    Required = 0,

    /// <summary>The reply waits for no disk; a record that could not be written is counted and lost.</summary>
    BestEffort = 1,

    /// <summary>Nothing is recorded.</summary>
    Off = 2,
}
