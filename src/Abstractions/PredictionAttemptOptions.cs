using System.ComponentModel.DataAnnotations;

namespace OrleansInference;

/// <summary>How long a prediction is tried while silos come and go. Section <c>Inference:Predictions</c>.</summary>
public sealed class PredictionAttemptOptions : IValidatableObject
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>The time by which the client has an answer or gives up. At least a model's own <c>deadline</c>. Default: 30 s; 10 ms to 30 s.</summary>
    public TimeSpan Deadline { get; set; } = Longest;

    /// <summary>
    /// How long an attempt goes unanswered before the next is made beside it, which joins it where it is still at work: a client
    /// outside the silos learns of a silo's death in no other way. Default: a third of the deadline.
    /// </summary>
    public TimeSpan? AttemptTimeout { get; set; }

    /// <summary>Every rule that is broken, with its value and the remedy.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Deadline < Shortest || Deadline > Longest) yield return new($"Deadline is {Deadline}. Set it to {Shortest} to {Longest}.");
        if (AttemptTimeout is { } attempt && (attempt < Shortest || attempt > Deadline))
            yield return new($"AttemptTimeout is {attempt}. Set it to {Shortest} to Deadline = {Deadline}, or leave it out for a third of that.");
    }
}
