using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Silo.WarmUp;

/// <summary>The predictions that the program sends itself before it is ready. Section <c>Inference:WarmUp</c>.</summary>
public sealed class WarmUpOptions : IValidatableObject
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long, from the moment at which the server listens: beside the loading of the models, so that the start takes longer by this
    /// at most. Default: 1 s. Zero sends none. At most 30 s.
    /// </summary>
    public TimeSpan Duration { get; set; } = TimeSpan.FromSeconds(1);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Duration < TimeSpan.Zero || Duration > Longest) yield return new($"Duration is {Duration}. Set it to {TimeSpan.Zero}, which sends none, to {Longest}.");
    }
}
