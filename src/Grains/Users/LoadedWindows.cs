using OrleansInference.Grains.Features.Windows;

namespace OrleansInference.Grains.Users;

/// <summary>A user's windows as they were loaded.</summary>
/// <param name="Windows">One for each configured window view.</param>
/// <param name="Kept">What grain storage has; null where it could not be asked.</param>
/// <param name="Sequence">The last of the user's events that they hold.</param>
/// <param name="Unkept">Events that the snapshot lacks; a history counts as enough of them to be kept at once.</param>
internal sealed record LoadedWindows(EventWindow[] Windows, KeptSnapshot? Kept, long Sequence, int Unkept);
