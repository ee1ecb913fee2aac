namespace OrleansInference.Grains.Features;

/// <summary>What a source may know about the prediction it reads for.</summary>
/// <param name="UserId">The user, as the caller named them.</param>
/// <param name="Request">The bound fields of the request.</param>
/// <param name="Budget">What is left of the caller's time.</param>
/// <param name="MaxAge">An older value is read again before it is used; null where the source's own TTL is enough.</param>
public sealed record FeatureQuery(string UserId, BoundRequest Request, TimeBudget Budget, TimeSpan? MaxAge = null);
