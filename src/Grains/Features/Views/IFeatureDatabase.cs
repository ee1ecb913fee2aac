namespace OrleansInference.Grains.Features.Views;

/// <summary>Port to the databases that hold features.</summary>
public interface IFeatureDatabase
{
    /// <summary>Runs a view's query for one user, off the caller's thread.</summary>
    /// <returns>One value for each column: a number, text, or missing for NULL; null when there is no row.</returns>
    /// <exception cref="FeatureDatabaseException">The database is gone, locked, too slow, or answered with something else.</exception>
    Task<FeatureValue[]?> QueryAsync(FeatureView view, string userId);
}

/// <summary>A view's query failed; the message says why.</summary>
public sealed class FeatureDatabaseException(string message, Exception? cause = null) : Exception(message, cause);
