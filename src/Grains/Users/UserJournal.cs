using OrleansInference.Grains.PostProcessing;

namespace OrleansInference.Grains.Users;

/// <summary>Numbers a user's predictions and hands them to the log in that order.</summary>
/// <remarks>
/// Belongs to one user's grain and runs on its turns only. A number is used once, also when its commit fails: a gap is
/// harmless, a number given twice is not.
/// </remarks>
internal sealed class UserJournal(string user, IPredictionLog log)
{
    private long? _lastSequence;
    private Task? _loading;

    public long? LastSequence => _lastSequence;

    /// <summary>Starts to read where the user's journal ends, so that it overlaps with the reading of features.</summary>
    public void BeginLoad()
    {
        if (_lastSequence is null && _loading is null) _loading = LoadAsync();
    }

    /// <summary>Makes the record durable.</summary>
    /// <returns>False when another activation has written for this user since.</returns>
    public async Task<bool> AppendAsync(Func<long, PredictionRecord> record, CancellationToken cancellationToken)
    {
        BeginLoad();
        if (_loading is { } loading) await loading.WaitAsync(cancellationToken);

        _lastSequence++;
        return await log.AppendAsync(record(_lastSequence!.Value), cancellationToken);
    }

    private async Task LoadAsync()
    {
        try
        {
            _lastSequence = await log.ReadLastSequenceAsync(user);
        }
        finally
        {
            _loading = null;
        }
    }
}
