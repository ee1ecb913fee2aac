using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Grains.Users;

/// <summary>Numbers a user's predictions and hands them to the log in that order.</summary>
/// <remarks>
/// Belongs to one user's grain and runs on its turns only. A number is used once, also when its commit fails: a gap is
/// harmless. It is given again only where the log was asked and does not have it: the log refuses the one that comes second.
/// </remarks>
internal sealed class UserJournal(UserIdentity user, UserJournalServices services, Attempts attempts)
{
    // None for a user of models without rules.
    private QuietPeriods? _quiet;
    private long? _lastSequence;
    private Task? _loading;
    private RecordChain? _chain;

    // Raised when the end is forgotten: one that was being read then is not used.
    private int _generation;

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
    /// <exception cref="OperationCanceledException">The caller's time was up. The record may be written; until that is known it counts as under way.</exception>
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

        if (!admission.IsSound) return AppendOutcome.Broken;
        var append = HandOver(draft, admission, quiet, cancellationToken);
        try
        {
            return await append.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The log, which had not begun it, may have withdrawn the record, and says more. Where it hears of the time only after us, the
            // caller is told less, and nothing wrong.
            if (append.IsCompleted) return await append;
            _ = attempts.AddAsync(append);
            throw;
        }
    }

    // To the log's queue in one turn: the order of the numbers is the order of the commits.
    private Task<AppendOutcome> HandOver(PredictionDraft draft, Admission admission, QuietPeriods? quiet, CancellationToken cancellationToken)
    {
        var now = services.Time.GetUtcNow();
        var raised = quiet?.Raise(draft.Plan, draft.Prediction.Value, now);
        var messages = OutboxMessage.For(raised?.Rules ?? [], user.Id, draft.Bound, draft.Prediction, now);
        var sequence = (_lastSequence = _lastSequence!.Value + 1).Value;
        var record = draft.ToRecord(user.Key, sequence, admission.Chain ?? CurrentChain(), messages, now);

        // Not withdrawn where later predictions have counted its event: it can still be kept.
        var append = services.Log.AppendAsync(record, admission.Chain is null ? cancellationToken : CancellationToken.None);
        raised?.Follow(append);
        if (admission.Chain is not null) admission.HandOver(sequence, append);
        return append;
    }

    /// <summary>Forgets the user's place in the log, which has changed.</summary>
    public void Forget()
    {
        (_lastSequence, _loading) = (null, null);
        _generation++;
        _quiet?.Forget();
    }

    private async Task LoadAsync()
    {
        var generation = _generation;
        var last = await services.Log.ReadLastSequenceAsync(user.Key);
        if (generation != _generation) return;

        // Not where numbers have been given since, by a later load.
        _lastSequence ??= last;

        // A task that is over is only memory.
        _loading = null;
    }
}
