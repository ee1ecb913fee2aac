using OrleansInference.Grains.Features;
using OrleansInference.Grains.PostProcessing.Feedback;

namespace OrleansInference.Grains.PostProcessing.Export;

/// <summary>Reads the log for a training set, a page at a time.</summary>
internal sealed class PredictionExport(IPredictionLog log, IOutcomes outcomes)
{
    private const int PageSize = 500;

    // Nothing of these leaves the silo.
    private const int ScanSize = 2_000;

    /// <summary>The features of all schemas of the model's records, in their order. Which are text, the first records of the range tell.</summary>
    public async Task<IReadOnlyList<ExportFeature>> ReadFeaturesAsync(ExportQuery query)
    {
        var schemas = await log.ReadSchemasAsync(query.Model);
        var text = FindText(await log.ReadRangeAsync(query, after: null, PageSize));
        return [.. schemas.SelectMany(schema => schema.Names).Distinct().Select(name => new ExportFeature(name, text.Contains(name)))];
    }

    /// <summary>The features that are text in the next records. No schema and no manifest knows: a name's type may change with the manifest.</summary>
    public async Task<ExportText> FindTextAsync(ExportQuery query, LogCursor? after)
    {
        var records = await log.ReadRangeAsync(query, after, ScanSize);
        return new ExportText([.. FindText(records)], Next(records, ScanSize));
    }

    public async Task<ExportPage> ReadPageAsync(ExportQuery query, LogCursor? after)
    {
        var records = await log.ReadRangeAsync(query, after, PageSize);
        var labels = await outcomes.ReadLatestAsync([.. records.Select(record => record.Id)]);
        return new ExportPage(
            [.. records.Select(record => RecordedPredictions.From(record) with { Outputs = null, Outcomes = labels.TryGetValue(record.Id, out var label) ? [label] : [] })],
            Next(records, PageSize));
    }

    private static LogCursor? Next(IReadOnlyList<PredictionRecord> records, int most) => records.Count == most ? new LogCursor(records[^1].CreatedAt, records[^1].Id) : null;

    private static HashSet<string> FindText(IReadOnlyList<PredictionRecord> records)
    {
        var text = new HashSet<string>();
        foreach (var record in records)
        {
            var features = PredictionBody.Decode(record.Body).Features;
            for (var i = 0; i < features.Count; i++)
            {
                if (features[i].Value.Type is FeatureType.Text) text.Add(record.Schema.Names[i]);
            }
        }

        return text;
    }
}
