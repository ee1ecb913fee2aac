namespace OrleansInference.Grains.Features.Windows;

/// <summary>Port to a team's own tables of past events.</summary>
public interface IEventHistory
{
    /// <summary>A user's events after one instant and before the other, in any order.</summary>
    /// <exception cref="InferenceException">StorageUnavailable: the database is gone, locked, too slow, or answered with something else.</exception>
    Task<IReadOnlyList<WindowEvent>> ReadAsync(WindowView view, string userId, DateTimeOffset since, DateTimeOffset until);
}
