namespace OrleansInference.Grains.Features.Views;

/// <summary>Port to the databases that hold features.</summary>
public interface IFeatureDatabase
{
    /// <summary>Runs a view's query in one round trip, off the caller's thread: for one user, or for many where the view is grouped.</summary>
    /// <returns>The rows by user; a user without a row is not among them.</returns>
    /// <exception cref="FeatureDatabaseException">The database is gone, locked, too slow, or answered with something else.</exception>
    Task<IReadOnlyDictionary<string, StoredRow>> QueryAsync(FeatureView view, IReadOnlyList<string> userIds);

    /// <summary>Prepares a view's query without running it.</summary>
    /// <exception cref="FeatureDatabaseException">The query cannot be prepared, and why.</exception>
    Task CheckAsync(FeatureView view);
}

/// <summary>A view's query failed; the message says why.</summary>
public sealed class FeatureDatabaseException(string message, Exception? cause = null) : Exception(message, cause);
