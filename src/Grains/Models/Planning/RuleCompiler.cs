using OrleansInference.Grains.Models.Manifest;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Grains.Models.Planning;

/// <summary>Checks the rules of <c>predict.alerts</c> or <c>predict.workflows</c>.</summary>
internal static class RuleCompiler
{
    // The time for which delivered messages are kept by default: the outbox is what remembers.
    private static readonly TimeSpan LongestQuiet = TimeSpan.FromDays(7);

    public static IEnumerable<OutboxRule> Compile(string key, string kind, IReadOnlyList<RuleSection> rules, WebhookTargets targets, ManifestFaults faults)
    {
        for (var i = 0; i < rules.Count; i++)
        {
            var path = $"predict.{key}[{i}]";
            if (rules[i].When.Field is not "prediction")
                faults.Add($"{path}.when.field", $"'{rules[i].When.Field}' cannot be compared. Write 'prediction'.");
            if (rules[i].When.Above is null && rules[i].When.Below is null)
                faults.Add($"{path}.when", "neither 'above' nor 'below' is given. Add one of them.");
            if (!targets.Contains(rules[i].To))
                faults.Add($"{path}.to", $"the target '{rules[i].To}' is not configured. Set Inference:Webhooks:{rules[i].To}:Url, or name one of: {(targets.Names.Any() ? string.Join(", ", targets.Names) : "(none)")}.");
            if (rules[i].Quiet is { } quiet && (quiet <= TimeSpan.Zero || quiet > LongestQuiet))
                faults.Add($"{path}.quiet", $"{quiet} is out of range. Set it above zero and to {LongestQuiet} or less, or remove it.");
            yield return new OutboxRule(kind, rules[i].To, rules[i].When.Above, rules[i].When.Below) { Quiet = rules[i].Quiet };
        }
    }
}
