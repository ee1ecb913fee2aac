using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Grains.Users;

/// <summary>Numbers a user's predictions and hands them to the log in that order.</summary>
/// <remarks>
/// Belongs to one user's grain and runs on its turns only. A number is used once, also when its commit fails: a gap is
/// harmless. It is given again only where the log was asked and does not have it: the log refuses the one that comes second.
/// </remarks>
internal sealed class UserJournal(UserIdentity user, UserJournalServices services)
{
    // None for a user of models without rules.
    private QuietPeriods? _quiet;
    private long? _lastSequence;
    private Task? _loading;
    private RecordChain? _chain;

    public long? LastSequence => _lastSequence;

    /// <summary>Starts to read where the user's journal ends, so that it overlaps with the reading of features.</summary>
    public void BeginLoad()
    {
        // A load that failed is over, and the next prediction tries again.
        if (_lastSequence is null && _loading is not { IsCompleted: false }) _loading = LoadAsync();
    }

    /// <summary>Completes when it is known where the user's journal ends.</summary>
    public Task LoadedAsync()
    {
        BeginLoad();
        return _lastSequence is null ? _loading! : Task.CompletedTask;
    }

    /// <summary>The chain that a record belongs to which is begun now.</summary>
    public RecordChain CurrentChain() => _chain is { IsBroken: false } ? _chain : _chain = new RecordChain();

    /// <summary>Makes the prediction's record and messages durable, after all that were admitted to the user's windows before it.</summary>
    public async Task<AppendOutcome> AppendAsync(PredictionDraft draft, Admission admission, CancellationToken cancellationToken)
    {
        await admission.ComeToTurnAsync(cancellationToken);
        var quiet = draft.Plan.Rules.Count > 0 ? _quiet ??= new QuietPeriods(user.Key, services.Outbox) : null;
        while (true)
        {
            if (_lastSequence is null) await LoadedAsync().WaitAsync(cancellationToken);
            else if (quiet?.MustLoad(draft.Plan, draft.Prediction.Value) is true) await quiet.LoadAsync(cancellationToken);
            else break;
        }

        // From here to the log's queue in one turn: the order of the numbers is the order of the commits.
        if (!admission.IsSound) return AppendOutcome.Broken;
        var now = services.Time.GetUtcNow();
        var raised = quiet?.Raise(draft.Plan, draft.Prediction.Value, now);
        var messages = OutboxMessage.For(raised?.Rules ?? [], user.Id, draft.Bound, draft.Prediction, now);
        var sequence = (_lastSequence = _lastSequence!.Value + 1).Value;
        var record = draft.ToRecord(user.Key, sequence, admission.Chain ?? CurrentChain(), messages, now);
        var append = admission.Chain is null ? services.Log.AppendAsync(record, cancellationToken) : HandOverAsync(record, admission, cancellationToken);
        return await (raised?.UntilAppendedAsync(append) ?? append);
    }

    // Not given up when the caller's time is up: later predictions have counted its event, and it can still be kept.
    private Task<AppendOutcome> HandOverAsync(PredictionRecord record, Admission admission, CancellationToken cancellationToken)
    {
        var append = services.Log.AppendAsync(record, CancellationToken.None);
        admission.HandOver(record.Sequence, append);
        return append.WaitAsync(cancellationToken);
    }

    /// <summary>Forgets the user's place in the log, which has changed.</summary>
    public void Forget()
    {
        (_lastSequence, _loading) = (null, null);
        _quiet?.Forget();
    }

    private async Task LoadAsync()
    {
        var last = await services.Log.ReadLastSequenceAsync(user.Key);

        // Not where numbers have been given since, by a later load.
        _lastSequence ??= last;

        // A task that is over is only memory.
        _loading = null;
    }
}
