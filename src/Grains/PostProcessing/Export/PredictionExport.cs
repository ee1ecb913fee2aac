using OrleansInference.Grains.Features;
using OrleansInference.Grains.PostProcessing.Feedback;

namespace OrleansInference.Grains.PostProcessing.Export;

/// <summary>Reads the log for a training set, a page at a time.</summary>
internal sealed class PredictionExport(IPredictionLog log, IOutcomes outcomes)
{
    private const int PageSize = 500;

    /// <summary>The features of all schemas of the model's records, in their order. Which are text, the first records of the range tell.</summary>
    public async Task<IReadOnlyList<ExportFeature>> ReadFeaturesAsync(ExportQuery query)
    {
        var schemas = await log.ReadSchemasAsync(query.Model);
        var text = new HashSet<string>();
        foreach (var record in await log.ReadRangeAsync(query, after: null, PageSize))
            text.UnionWith(record.Schema.Names.Zip(PredictionBody.Decode(record.Body).Features).Where(feature => feature.Second.Value.Type is FeatureType.Text).Select(feature => feature.First));
        return [.. schemas.SelectMany(schema => schema.Names).Distinct().Select(name => new ExportFeature(name, text.Contains(name)))];
    }

    public async Task<ExportPage> ReadPageAsync(ExportQuery query, LogCursor? after)
    {
        var records = await log.ReadRangeAsync(query, after, PageSize);
        var labels = await outcomes.ReadLatestAsync([.. records.Select(record => record.Id)]);
        var next = records.Count == PageSize ? new LogCursor(records[^1].CreatedAt, records[^1].Id) : null;
        return new ExportPage([.. records.Select(record => RecordedPredictions.From(record) with { Outputs = null, Outcomes = labels.TryGetValue(record.Id, out var label) ? [label] : [] })], next);
    }
}
