namespace OrleansInference.Grains.Features.Views;

/// <summary>One query under way for one user and view, and what those who wait for it want.</summary>
/// <param name="startedAt">When it began.</param>
/// <param name="mark">The user's mark when it began: it answers nobody who came after a later one.</param>
internal sealed class ViewLoad(long startedAt, long mark, TimeSpan limit)
{
    public long StartedAt => startedAt;

    public long Mark => mark;

    /// <summary>The age from which a pushed value gives way to what the database says: the least that anybody who waits wants.</summary>
    public TimeSpan Limit { get; set; } = limit;

    /// <summary>Completes when the answer is in the cache: null, or why there is none.</summary>
    public Task<InferenceException?> Completion { get; set; } = null!;
}
