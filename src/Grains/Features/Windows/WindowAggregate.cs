namespace OrleansInference.Grains.Features.Windows;

/// <summary>What a window feature says of the events in its window.</summary>
public enum WindowAggregate : byte
{
    /// <summary>How many events; 0 in an empty window.</summary>
    Count,

    /// <summary>Sum of the field; 0 in an empty window.</summary>
    Sum,

    /// <summary>Mean of the field over the events that have it.</summary>
    Mean,

    /// <summary>Least value of the field.</summary>
    Min,

    /// <summary>Greatest value of the field.</summary>
    Max,

    /// <summary>The field of the latest event that has it.</summary>
    Last,

    /// <summary>How many different values the field has; 0 in an empty window.</summary>
    Distinct,

    /// <summary>Events per second of the window's length; 0 in an empty window.</summary>
    Rate,
}
