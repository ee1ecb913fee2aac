using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Grains.Users;

/// <summary>The rules that owe a message for one prediction, until its record is written or not.</summary>
/// <remarks>Runs on the user grain's turns only.</remarks>
internal sealed class RaisedRules(QuietPeriods owner)
{
    private List<OutboxRule>? _rules;
    private List<RaisedRule>? _quiet;

    public IReadOnlyList<OutboxRule> Rules => _rules ?? (IReadOnlyList<OutboxRule>)[];

    public void Add(OutboxRule rule) => (_rules ??= []).Add(rule);

    public void Add(OutboxRule rule, RaisedRule quiet)
    {
        Add(rule);
        (_quiet ??= []).Add(quiet);
    }

    /// <summary>Waits for the record; what it owes is taken back where it was not written.</summary>
    public Task<AppendOutcome> UntilAppendedAsync(Task<AppendOutcome> append) => _quiet is null ? append : WatchAsync(append, _quiet);

    private async Task<AppendOutcome> WatchAsync(Task<AppendOutcome> append, List<RaisedRule> quiet)
    {
        try
        {
            var outcome = await append;
            if (outcome is AppendOutcome.Appended) owner.Keep(quiet);
            else owner.TakeBack(quiet);
            return outcome;
        }
        catch (OperationCanceledException)
        {
            owner.Doubt(quiet);
            throw;
        }
        catch
        {
            owner.TakeBack(quiet);
            throw;
        }
    }
}
