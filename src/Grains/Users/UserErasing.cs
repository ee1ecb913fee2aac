using OrleansInference.Grains.PostProcessing.Erasure;

namespace OrleansInference.Grains.Users;

/// <summary>The removal of one user, while which all else that is asked for the user waits.</summary>
/// <remarks>Runs on the user grain's turns only.</remarks>
internal sealed class UserErasing(string user, IUserErasure stored, LogErasure mode)
{
    private Task<UserErasure>? _underWay;

    /// <summary>The removal under way; null when none is.</summary>
    public Task? UnderWay => _underWay is { IsCompleted: false } ? _underWay : null;

    /// <summary>Removes the user once what is under way has ended; a second caller has the answer of the first.</summary>
    public Task<UserErasure> EraseAsync(Func<Task> drain, Func<Task> clear, Action forget) =>
        _underWay is { IsCompleted: false } ? _underWay : _underWay = RunAsync(drain, clear, forget);

    /// <summary>Completes when no removal is under way.</summary>
    /// <exception cref="OperationCanceledException">The caller left.</exception>
    public async Task UntilEndedAsync(CancellationToken cancellationToken)
    {
        while (UnderWay is { } erasure)
        {
            await erasure.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

            // The wait is over at once from then on, and would be begun again and again in this turn.
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task<UserErasure> RunAsync(Func<Task> drain, Func<Task> clear, Action forget)
    {
        try
        {
            await drain();
            await clear();
            return await EraseNowAsync();
        }
        finally
        {
            // Also after a failure: a part may be gone.
            forget();
        }
    }

    private async Task<UserErasure> EraseNowAsync()
    {
        // It outlives its caller: half an erasure helps nobody.
        var (predictions, messages) = mode is LogErasure.Delete
            ? await stored.DeleteAsync(user, CancellationToken.None)
            : await stored.PseudonymiseAsync(user, UserKey.FromUserId($"erased-{Guid.NewGuid():N}"), CancellationToken.None);
        return new UserErasure
        {
            UserId = UserKey.ToUserId(user),
            Predictions = predictions,
            Messages = messages,
            Pseudonymised = mode is LogErasure.Pseudonymise,
        };
    }
}
