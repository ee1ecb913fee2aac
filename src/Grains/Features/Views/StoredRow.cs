namespace OrleansInference.Grains.Features.Views;

/// <summary>One user's row as a database gave it.</summary>
/// <param name="Values">One value for each column of the view: a number, text, or missing for NULL.</param>
/// <param name="EventTime">When the values came to be; null where the view has no such column, or it is NULL.</param>
/// <param name="Fault">Why the row cannot be used: it costs this user alone. Null for a good one.</param>
public sealed record StoredRow(FeatureValue[] Values, DateTimeOffset? EventTime = null, string? Fault = null);

/// <summary>What a query found out about one user.</summary>
/// <param name="Row">The values, or defaults.</param>
/// <param name="Known">Whether there was a row.</param>
/// <param name="EventTime">The row's own event time, where it has one.</param>
public sealed record LoadedRow(FeatureRow Row, bool Known, DateTimeOffset? EventTime);
