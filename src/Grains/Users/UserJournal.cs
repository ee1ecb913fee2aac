using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Grains.Users;

/// <summary>Numbers a user's predictions and hands them to the log in that order.</summary>
/// <remarks>
/// Belongs to one user's grain and runs on its turns only. A number is used once, also when its commit fails: a gap is
/// harmless, a number given twice is not.
/// </remarks>
internal sealed class UserJournal(string user, IPredictionLog log, IOutbox outbox, TimeProvider time)
{
    private readonly string _userId = UserKey.ToUserId(user);
    private readonly QuietPeriods _quiet = new(user, outbox);
    private long? _lastSequence;
    private Task? _loading;
    private RecordChain _chain = new();

    public long? LastSequence => _lastSequence;

    /// <summary>Starts to read where the user's journal ends, so that it overlaps with the reading of features.</summary>
    public void BeginLoad()
    {
        // A load that failed is over, and the next prediction tries again.
        if (_lastSequence is null && _loading is not { IsCompleted: false }) _loading = LoadAsync();
    }

    /// <summary>The chain that a record belongs to which is begun now.</summary>
    public RecordChain CurrentChain() => _chain.IsBroken ? _chain = new RecordChain() : _chain;

    /// <summary>Makes the prediction's record and messages durable, after all that were admitted to the user's windows before it.</summary>
    public async Task<AppendOutcome> AppendAsync(PredictionDraft draft, Admission admission, CancellationToken cancellationToken)
    {
        if (_lastSequence is null) await _loading!.WaitAsync(cancellationToken);
        await admission.ComeToTurnAsync(cancellationToken);
        while (_quiet.MustLoad(draft.Plan, draft.Prediction.Value)) await _quiet.LoadAsync(cancellationToken);

        // From here to the log's queue in one turn: the order of the numbers is the order of the commits.
        if (!admission.IsSound) return AppendOutcome.Broken;
        var now = time.GetUtcNow();
        var raised = _quiet.Raise(draft.Plan, draft.Prediction.Value, now);
        var messages = OutboxMessage.For(raised.Rules, _userId, draft.Bound, draft.Prediction, now);
        var sequence = (_lastSequence = _lastSequence!.Value + 1).Value;
        var record = draft.ToRecord(user, sequence, admission.Chain ?? CurrentChain(), messages, now);
        return await raised.UntilAppendedAsync(admission.Chain is null ? log.AppendAsync(record, cancellationToken) : HandOverAsync(record, admission, cancellationToken));
    }

    // Not given up when the caller's time is up: later predictions have counted its event, and it can still be kept.
    private Task<AppendOutcome> HandOverAsync(PredictionRecord record, Admission admission, CancellationToken cancellationToken)
    {
        var append = log.AppendAsync(record, CancellationToken.None);
        admission.HandOver(record.Sequence, append);
        return append.WaitAsync(cancellationToken);
    }

    /// <summary>Forgets the user's place in the log, which has changed.</summary>
    public void Forget()
    {
        (_lastSequence, _loading) = (null, null);
        _quiet.Forget();
    }

    private async Task LoadAsync() => _lastSequence = await log.ReadLastSequenceAsync(user);
}
