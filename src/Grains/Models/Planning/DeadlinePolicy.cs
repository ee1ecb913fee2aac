namespace OrleansInference.Grains.Models.Planning;

/// <summary>What becomes of a prediction whose features are not there in time.</summary>
public enum DeadlinePolicy
{
    /// <summary>It waits for them until its deadline, and then fails.</summary>
    Fail = 0,

    /// <summary>It goes on with their defaults while there is time for the model, and says that it is degraded.</summary>
    Degrade = 1,
}
