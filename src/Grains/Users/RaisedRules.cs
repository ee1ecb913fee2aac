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

    /// <summary>Follows the record on its way, whoever still waits for it; what it owes is taken back where it was not written.</summary>
    public void Follow(Task<AppendOutcome> append)
    {
        if (_quiet is not null) _ = SettleAsync(append, _quiet);
    }

    private async Task SettleAsync(Task<AppendOutcome> append, List<RaisedRule> quiet)
    {
        try
        {
            if (await append is AppendOutcome.Appended) owner.Keep(quiet);
            else owner.TakeBack(quiet);
        }
        catch (Exception)
        {
            // The caller has it. It does not say for certain that nothing was written.
            owner.Doubt(quiet);
        }
    }
}
