using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Grains.Users;

/// <summary>When the user's rules last owed a message, so that one with a quiet period owes no other until that is over.</summary>
/// <remarks>
/// Belongs to one user's grain and runs on its turns only. A message counts from the turn in which it is made, so that concurrent
/// predictions owe one, also where its record outlasts its caller; when it is not written, it is taken back. The predictions that kept
/// quiet meanwhile are not written either then: their records build on that one (<see cref="RecordChain"/>).
/// </remarks>
internal sealed class QuietPeriods(string user, IOutbox outbox)
{
    // None for most users at most times.
    private HashSet<RaisedRule>? _pending;
    private Dictionary<string, DateTimeOffset>? _lastRaised;
    private Task? _loading;

    // Counts what an answer of the outbox that is on its way may lack.
    private int _settled;

    /// <summary>Whether to <see cref="LoadAsync(CancellationToken)"/> before <see cref="Raise"/>: the first time that a rule with a quiet period matches.</summary>
    public bool MustLoad(PredictPlan plan, double prediction) => _lastRaised is null && plan.Rules.Any(rule => rule.Quiet is not null && rule.Matches(prediction));

    /// <summary>Reads what the outbox remembers.</summary>
    public Task LoadAsync(CancellationToken cancellationToken)
    {
        // A load that failed is over, and the next prediction tries again.
        if (_loading is not { IsCompleted: false }) _loading = LoadAsync();
        return _loading.WaitAsync(cancellationToken);
    }

    /// <summary>The rules that owe a message for this prediction now.</summary>
    public RaisedRules Raise(PredictPlan plan, double prediction, DateTimeOffset now)
    {
        var raised = new RaisedRules(this);
        foreach (var rule in plan.Rules.Where(rule => rule.Matches(prediction)))
        {
            if (rule.Quiet is null) raised.Add(rule);
            else if (TryRaise(rule.KeyIn(plan.Model), rule.Quiet.Value, now) is { } quiet) raised.Add(rule, quiet);
        }

        return raised;
    }

    /// <summary>The record was written.</summary>
    public void Keep(IEnumerable<RaisedRule> rules) => RemovePending(rules);

    /// <summary>The record was not written.</summary>
    public void TakeBack(IEnumerable<RaisedRule> rules)
    {
        RemovePending(rules);
        foreach (var rule in rules)
        {
            // What was raised since is not ours to change.
            if (_lastRaised is null || _lastRaised.GetValueOrDefault(rule.Key) != rule.At) continue;
            if (rule.Before is { } before) _lastRaised[rule.Key] = before;
            else _lastRaised.Remove(rule.Key);
        }
    }

    /// <summary>The record may have been written: only the outbox knows.</summary>
    public void Doubt(IEnumerable<RaisedRule> rules)
    {
        RemovePending(rules);
        Forget();
    }

    /// <summary>Forgets what was read; the outbox is asked again.</summary>
    public void Forget()
    {
        (_lastRaised, _loading) = (null, null);
        _settled++;
    }

    private async Task LoadAsync()
    {
        int settled;
        Dictionary<string, DateTimeOffset> lastRaised;
        do
        {
            settled = _settled;
            lastRaised = new Dictionary<string, DateTimeOffset>(await outbox.ReadLastRaisedAsync(user, CancellationToken.None));
        }
        while (settled != _settled);

        foreach (var rule in _pending ?? []) lastRaised[rule.Key] = rule.At;
        _lastRaised = lastRaised;
    }

    private RaisedRule? TryRaise(string rule, TimeSpan quiet, DateTimeOffset now)
    {
        DateTimeOffset? last = _lastRaised!.TryGetValue(rule, out var at) ? at : null;
        if (now - last < quiet) return null;
        _lastRaised[rule] = now;
        var raised = new RaisedRule(rule, now, last);
        (_pending ??= []).Add(raised);
        return raised;
    }

    private void RemovePending(IEnumerable<RaisedRule> rules)
    {
        _settled++;
        _pending?.ExceptWith(rules);
        if (_pending is { Count: 0 }) _pending = null;
    }
}

/// <summary>A rule with a quiet period that owes a message, and when it did before.</summary>
internal sealed record RaisedRule(string Key, DateTimeOffset At, DateTimeOffset? Before);
