namespace OrleansInference.Grains;

/// <summary>The most that grain storage takes of one state. Registered where there is such a limit.</summary>
/// <param name="MaxBytes">Bytes in Orleans' serialisation.</param>
/// <param name="Place">What takes no more, in the middle of a sentence.</param>
/// <param name="Remedy">What to set so that it takes more, in the middle of a sentence.</param>
public sealed record GrainStateLimit(int MaxBytes, string Place, string Remedy);
