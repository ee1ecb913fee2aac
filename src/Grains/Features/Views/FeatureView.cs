using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains.Features.Views;

/// <summary>Features of the user by a query. <see cref="CachedFeatureView"/> keeps the values with the user.</summary>
public sealed partial class FeatureView(
    string name,
    FeatureViewOptions options,
    IFeatureDatabase database,
    TimeProvider time,
    InferenceInstruments instruments,
    ILogger<FeatureView> logger) : IFeatureView
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly FeatureColumn[] _columns = FeatureColumnOptions.Compile($"Inference:FeatureViews:{name}", options.Columns);

    public string Name => name;

    public IReadOnlyList<FeatureColumn> Columns => _columns;

    public IReadOnlyList<string> RequestFields => [];

    public FeatureViewOptions Options => options;

    public ValueTask<FeatureRow> ReadAsync(FeatureQuery query) => new(QueryAsync(query.UserId));

    /// <summary>Asks the database, whatever is cached.</summary>
    /// <exception cref="InferenceException">The database did not answer: 503, since a made-up history would be worse than none.</exception>
    public async Task<FeatureRow> QueryAsync(string userId)
    {
        instruments.OnFeatureQuery(name);
        try
        {
            var values = await database.QueryAsync(this, userId);
            return values is null
                ? FeatureRow.Defaults(_columns, time.GetTimestamp(), degraded: false)
                : new FeatureRow(WithDefaults(values), time.GetTimestamp());
        }
        catch (FeatureDatabaseException e)
        {
            instruments.OnFeatureFailure(name);
            LogViewFailed(e, name);
            throw new InferenceException(
                InferenceErrorCode.StorageUnavailable, $"The database of feature view {name} did not answer: {e.Message}", RetryAfter);
        }
    }

    private FeatureValue[] WithDefaults(FeatureValue[] values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i].IsMissing) values[i] = _columns[i].Default;
        }

        return values;
    }

    [LoggerMessage(EventIds.FeatureViewFailed, LogLevel.Error, "The query of feature view {ViewName} failed")]
    private partial void LogViewFailed(Exception cause, string viewName);
}
