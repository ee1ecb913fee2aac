using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Windows;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;

namespace OrleansInference.Grains.Users;

/// <summary>A user's live windows, and the order of the predictions that read and change them.</summary>
/// <remarks>
/// An event enters its window in the turn that reads the features, before it is recorded. Until then it is provisional: records
/// are handed to the log in the order of admission; if one is not written, its event is taken out and every later prediction
/// that may have counted it fails with it. So what a recorded prediction counted is what the log has before it.
/// Belongs to one user's grain and runs on its turns only.
/// </remarks>
internal sealed class UserWindows
{
    /// <summary>Most predictions of one user that may be under way where their order matters.</summary>
    public const int MaxUnderWay = 1_000;

    // What users share while none of theirs is under way. Never written to.
    private static readonly LinkedList<Admission> NoneUnderWay = [];

    private readonly UserWindowsServices _services;
    private readonly UserJournal _journal;
    private readonly SnapshotWriter _snapshots;
    private LinkedList<Admission> _underWay = NoneUnderWay;
    private Task? _load;
    private EventWindow[]? _loaded;
    private TaskCompletionSource? _changed;
    private bool _inDoubt;
    private int _generation;

    // The last record that is known to be in the log: a number that was given and not written is given again by the next activation.
    private long _committed;

    public UserWindows(UserIdentity user, UserWindowsServices services, UserJournal journal)
    {
        User = user;
        _services = services;
        _journal = journal;
        _snapshots = new SnapshotWriter(this, services);
    }

    public UserIdentity User { get; }

    /// <summary>The windows that are in memory, one for each configured window view.</summary>
    public IReadOnlyList<EventWindow> Loaded => _loaded ?? [];

    /// <summary>Starts to load the user's windows where the plan needs them, so that it overlaps with the reading of features.</summary>
    public void BeginLoad(PredictPlan plan, BoundRequest request, bool isRecorded)
    {
        if (plan.HasWindows && _loaded is null && _load is not { IsCompleted: false }) _load = LoadAsync(EndOfHistory(plan, request, isRecorded));
    }

    /// <summary>Reads the windows for a prediction, and lets its event enter.</summary>
    /// <param name="plan">What the prediction is made of.</param>
    /// <param name="request">The request.</param>
    /// <param name="rows">What the other sources gave, from which defaults are filled.</param>
    /// <param name="isRecorded">False for a mere question: the windows say what they would, and stay as they are.</param>
    /// <param name="cancellationToken">Ends the wait for the windows to be loaded.</param>
    public async ValueTask<Admission> AdmitAsync(PredictPlan plan, BoundRequest request, FeatureRow?[] rows, bool isRecorded, CancellationToken cancellationToken)
    {
        if (!plan.HasWindows) return new Admission(null, request, null);
        while (true)
        {
            if (_inDoubt && _underWay.Count == 0) AskAgain();
            var chain = isRecorded || _underWay.Count > 0 ? _journal.CurrentChain() : null;
            if (_loaded is null) await LoadedAsync(plan, request, isRecorded, cancellationToken);
            else if (_inDoubt || !AllBelongTo(chain)) await NextChangeAsync(cancellationToken);
            else if (_underWay.Count >= MaxUnderWay) throw TooMany();
            else return Admit(plan, FillDefaults(plan, request, rows), isRecorded ? chain : null);
        }
    }

    /// <summary>Waits until all that were admitted before have been handed over, or this one need not be any more.</summary>
    public async ValueTask ComeToTurnAsync(Admission admission, CancellationToken cancellationToken)
    {
        while (admission.State is AdmissionState.Admitted && !IsNext(admission)) await NextChangeAsync(cancellationToken);
    }

    /// <summary>Follows a record that was handed to the log, whatever becomes of its caller.</summary>
    public void HandOver(Admission admission, long sequence, Task<AppendOutcome> append)
    {
        (admission.State, admission.Sequence) = (AdmissionState.HandedOver, sequence);
        SignalChange();
        _ = SettleAsync(admission, append);
    }

    /// <summary>Takes back what was not handed over.</summary>
    public void Withdraw(Admission admission)
    {
        if (admission.State is not AdmissionState.Admitted) return;
        Fail(admission);
        RemoveSettled();
    }

    /// <summary>Completes when no record is on its way to the log and no snapshot is being written.</summary>
    public async Task DrainAsync()
    {
        while (_underWay.Count > 0) await NextChangeAsync(CancellationToken.None);
        await _snapshots.DrainAsync();
    }

    /// <summary>Writes a snapshot where there is something new to keep.</summary>
    public Task SaveAsync() => _loaded is null || _inDoubt ? Task.CompletedTask : _snapshots.SaveAsync();

    /// <summary>Writes no more snapshots, as the activation ends; a last one where there is time for it.</summary>
    public Task StopAsync(bool save)
    {
        _snapshots.Stop();
        return save ? SaveAsync() : Task.CompletedTask;
    }

    /// <summary>What is in the windows and known to be in the log.</summary>
    public UserSnapshot TakeSnapshot()
    {
        var snapshot = new UserSnapshot { Sequence = _committed };
        foreach (var window in _loaded!)
        {
            var copy = window.Copy();
            foreach (var admission in _underWay)
            {
                if (admission.Window == window && admission.State is not AdmissionState.Failed) copy.Remove(admission.Event);
            }

            snapshot.Windows[window.View.Name] = EventWindowCodec.Encode(copy);
        }

        return snapshot;
    }

    /// <summary>Removes the snapshot, and what memory has.</summary>
    public async Task ClearAsync()
    {
        await _snapshots.ClearAsync();
        Forget();
    }

    /// <summary>Forgets the windows, what is being loaded of them included; they are loaded again before they are read. Only when nothing is under way.</summary>
    public void Forget()
    {
        (_load, _loaded, _inDoubt, _generation) = (null, null, false, _generation + 1);
        _snapshots.Forget();
    }

    // The journal's end too: a record that comes to the log after all must find its number taken, or ours is refused.
    private void AskAgain()
    {
        Forget();
        _journal.Forget();
    }

    // An event may stand in the history already. A question about another time must not keep the rest of the past away.
    private DateTimeOffset EndOfHistory(PredictPlan plan, BoundRequest request, bool isRecorded) =>
        isRecorded && plan.Event is { } planned && planned.Happens(request) ? new DateTimeOffset(planned.ToEvent(request).Ticks, TimeSpan.Zero) : _services.Time.GetUtcNow();

    private async Task LoadAsync(DateTimeOffset at)
    {
        var generation = _generation;

        // The journal's end first: a record that another activation still writes between the two reads is then counted here, and its number
        // refused to us. The other way round our numbers would go on behind a record that was never counted.
        await _journal.LoadedAsync();
        var loaded = await _services.Loader.LoadAsync(User.Grain, at);
        if (generation != _generation) return;
        _snapshots.OnLoaded(loaded);
        (_loaded, _committed) = (loaded.Windows, loaded.Sequence);
    }

    private EventWindow WindowOf(WindowView view)
    {
        foreach (var window in _loaded!)
        {
            if (ReferenceEquals(window.View, view)) return window;
        }

        throw new InvalidOperationException($"The view {view.Name} is not configured.");
    }

    private Task LoadedAsync(PredictPlan plan, BoundRequest request, bool isRecorded, CancellationToken cancellationToken)
    {
        BeginLoad(plan, request, isRecorded);
        return _load!.WaitAsync(cancellationToken);
    }

    // Once a chain is broken, another must not begin before everything that the broken one left in the windows is out of them.
    // The chain is read before this is asked: the log may break it at any time.
    private bool AllBelongTo(RecordChain? chain)
    {
        foreach (var admission in _underWay)
        {
            if (admission.Chain != chain) return false;
        }

        return true;
    }

    private Admission Admit(PredictPlan plan, BoundRequest request, RecordChain? chain)
    {
        // For a user who stays, a task that is over is only memory.
        _load = null;
        if (plan.Event is not { } planned || !planned.Happens(request)) return Follow(new Admission(this, request, chain) { Rows = Read(plan, request.At.UtcTicks) });

        var (view, window, happened) = (planned.View, WindowOf(planned.View), planned.ToEvent(request));
        var isTooLate = window.IsTooLate(happened.Ticks);
        var before = view.Options.IncludeCurrent ? null : Read(plan, happened.Ticks, isTooLate ? view : null);
        window.Add(happened, OldestProvisional());
        var rows = before ?? Read(plan, happened.Ticks, isTooLate ? view : null);
        var stays = chain is not null && !isTooLate;
        if (!stays) window.Remove(happened);
        return Follow(new Admission(this, request, chain) { Rows = rows, Window = stays ? window : null, Event = happened });
    }

    private Admission Follow(Admission admission)
    {
        if (admission.Chain is null) return admission;
        if (_underWay == NoneUnderWay) _underWay = [];
        _underWay.AddLast(admission);
        return admission;
    }

    // Here, and not when the model's input is made: the event and the log must have what the model sees. Windows are read before this event.
    private BoundRequest FillDefaults(PredictPlan plan, BoundRequest request, FeatureRow?[] rows)
    {
        FeatureValue[]? filled = null;
        foreach (var (field, feature, orElse) in plan.Defaults)
        {
            if (!request.Values[field].IsMissing) continue;
            var value = request.OverrideOf(feature) ?? ValueOf(plan, feature, request, rows);
            filled ??= [.. request.Values];
            filled[field] = (value.IsMissing ? orElse : value).AsDefault();
        }

        return filled is null ? request : request with { Values = filled };
    }

    private FeatureValue ValueOf(PredictPlan plan, int feature, BoundRequest request, FeatureRow?[] rows)
    {
        var source = plan.Sources.Count - 1;
        while (feature < plan.Sources[source].Offset) source--;
        var values = plan.Sources[source].Source is WindowView view ? WindowOf(view).Read(request.At.UtcTicks) : rows[source]!.Values;
        return values[feature - plan.Sources[source].Offset];
    }

    private FeatureRow[] Read(PredictPlan plan, long at, WindowView? approximate = null)
    {
        var rows = new FeatureRow[plan.Windows.Count];
        for (var i = 0; i < rows.Length; i++)
        {
            var values = WindowOf(plan.Windows[i].View).Read(at);
            if (plan.Windows[i].View == approximate)
            {
                for (var j = 0; j < values.Length; j++) values[j] = values[j] with { Status = FeatureStatus.Approximate };
            }

            rows[i] = new FeatureRow(values, _services.Time.GetTimestamp());
        }

        return rows;
    }

    private long OldestProvisional()
    {
        var oldest = long.MaxValue;
        foreach (var admission in _underWay)
        {
            if (admission.Window is not null) oldest = Math.Min(oldest, admission.Event.Ticks);
        }

        return oldest;
    }

    private bool IsNext(Admission admission)
    {
        foreach (var earlier in _underWay)
        {
            if (earlier == admission) return true;
            if (earlier.State is AdmissionState.Admitted) return false;
        }

        return false;
    }

    private async Task SettleAsync(Admission admission, Task<AppendOutcome> append)
    {
        var outcome = AppendOutcome.Broken;
        try
        {
            outcome = await append;

            // The log has something under its id, its key or its number: what they lack, where an earlier try came late.
            if (outcome is AppendOutcome.Repeated or AppendOutcome.Superseded) _inDoubt = true;
        }
        catch (Exception)
        {
            // The caller has it. Whether the record was written is not known, so the log is asked before anything is counted again.
            _inDoubt = true;
        }

        if (outcome is AppendOutcome.Appended) admission.State = AdmissionState.Appended;
        else Fail(admission);
        RemoveSettled();
    }

    // What was admitted after it and is not with the log yet fails at once; what is with the log fails by its chain.
    private void Fail(Admission failed)
    {
        for (var node = _underWay.Find(failed); node is not null; node = node.Next)
        {
            var admission = node.Value;
            if (admission != failed && (admission.State is not AdmissionState.Admitted || failed.Window is null)) continue;
            admission.Window?.Remove(admission.Event);
            admission.State = AdmissionState.Failed;
        }
    }

    // In their order: a snapshot can only say up to which number it holds everything.
    private void RemoveSettled()
    {
        while (_underWay.First is { Value: { State: AdmissionState.Appended or AdmissionState.Failed } first })
        {
            _underWay.RemoveFirst();
            if (first.State is AdmissionState.Appended) Commit(first);
        }

        if (_underWay.Count == 0) _underWay = NoneUnderWay;

        SignalChange();
        if (_snapshots.IsDue) _ = SaveAsync();
    }

    private void Commit(Admission admission)
    {
        _committed = admission.Sequence;
        if (admission.Window is null) return;
        admission.Window.Commit(admission.Event);
        _snapshots.OnEvent();
    }

    private static InferenceException TooMany() => new(
        InferenceErrorCode.QueueFull, $"The user has {MaxUnderWay} predictions under way, and each must count the ones before it. Send fewer at the same time.", TimeSpan.FromSeconds(1));

    private Task NextChangeAsync(CancellationToken cancellationToken) => (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task.WaitAsync(cancellationToken);

    private void SignalChange()
    {
        _changed?.TrySetResult();
        _changed = null;
    }
}
