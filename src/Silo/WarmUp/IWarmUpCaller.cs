namespace OrleansInference.Silo.WarmUp;

/// <summary>Who asks for a warm-up's predictions, in the way in which callers will.</summary>
public interface IWarmUpCaller
{
    /// <summary>Asks for one prediction of <see cref="IPathWarmUp.Model"/> after the other until it is cancelled.</summary>
    /// <param name="body">The request in JSON.</param>
    /// <param name="cancellationToken">No further one is asked for.</param>
    Task CallAsync(string body, CancellationToken cancellationToken);
}
