namespace IntegrationTests.Cluster;

/// <summary>A prediction that a client asked for, and what came of it.</summary>
/// <param name="User">The user.</param>
/// <param name="Id">The prediction's id; null where none was answered.</param>
/// <param name="Elapsed">The time until the answer.</param>
/// <param name="Failure">Status and body, or what broke; null for an answer.</param>
internal sealed record ClusterRequest(string User, Guid? Id, TimeSpan Elapsed, string? Failure);
