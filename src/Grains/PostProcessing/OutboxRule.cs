namespace OrleansInference.Grains.PostProcessing;

/// <summary>When a prediction owes a message, and to whom.</summary>
/// <param name="Kind"><c>alert</c> or <c>workflow</c>.</param>
/// <param name="Target">The webhook's name.</param>
/// <param name="Above">The answer must be greater than this.</param>
/// <param name="Below">The answer must be less than this.</param>
public sealed record OutboxRule(string Kind, string Target, double? Above, double? Below)
{
    public bool Matches(double prediction) => (Above is null || prediction > Above) && (Below is null || prediction < Below);
}
