using System.Globalization;

namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>Gives each rule of a model a name of its own, since a message's id is made of it.</summary>
internal static class RuleNames
{
    /// <summary>The rules named by kind and target; a further one of the same kind and target has <c>-2</c>, <c>-3</c>, … in their order.</summary>
    public static IReadOnlyList<OutboxRule> Assign(IReadOnlyList<OutboxRule> rules)
    {
        // The plain names first: a target can be called "desk-2".
        var taken = rules.Select(rule => rule.Name).ToHashSet();
        var seen = new HashSet<string>();
        return [.. rules.Select(rule => seen.Add(rule.Name) ? rule : rule with { Name = NextFree(rule.Name, taken) })];
    }

    private static string NextFree(string name, HashSet<string> taken)
    {
        for (var number = 2; ; number++)
        {
            var next = string.Create(CultureInfo.InvariantCulture, $"{name}-{number}");
            if (taken.Add(next)) return next;
        }
    }
}
