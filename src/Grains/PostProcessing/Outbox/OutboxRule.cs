namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>When a prediction owes a message, and to whom.</summary>
/// <param name="Kind"><c>alert</c> or <c>workflow</c>.</param>
/// <param name="Target">The webhook's name.</param>
/// <param name="Above">The answer must be greater than this.</param>
/// <param name="Below">The answer must be less than this.</param>
[GenerateSerializer, Immutable, Alias("inference.outbox-rule")]
public sealed record OutboxRule(
    [property: Id(0)] string Kind,
    [property: Id(1)] string Target,
    [property: Id(2)] double? Above,
    [property: Id(3)] double? Below)
{
    /// <summary>Its name among the model's rules: <c>{kind}-{target}</c>, with a number where several have the same.</summary>
    [Id(4)]
    public string Name { get; init; } = $"{Kind}-{Target}";

    /// <summary>How long a user has no further message of this rule after one; null for no such time.</summary>
    [Id(5)]
    public TimeSpan? Quiet { get; init; }

    public bool Matches(double prediction) => (Above is null || prediction > Above) && (Below is null || prediction < Below);

    /// <summary>Its name among the rules of all models.</summary>
    public string KeyIn(string model) => $"{model}/{Name}";
}
