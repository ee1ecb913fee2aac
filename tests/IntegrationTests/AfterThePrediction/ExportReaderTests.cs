using IntegrationTests.Infrastructure;
using OrleansInference;
using ParquetSharp;
using ParquetSharp.IO;

namespace IntegrationTests.AfterThePrediction;

/// <summary>An exported Parquet file as the readers of others see it: this one is Apache Arrow's, and shares nothing with the writer.</summary>
[Collection<MeasuresItsProcess>]
public sealed class ExportReaderTests(PrivateDemoServer demo) : IClassFixture<PrivateDemoServer>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Export_ParquetReadByArrow_EqualsTheLogInEachColumn()
    {
        var ids = await PredictAsync();
        await demo.Server.Client.RecordOutcomeAsync(ids[2], 0);
        await demo.Server.Client.RecordOutcomeAsync(ids[2], 1);

        var (names, rows) = await ReadAsync("/v1/models/fraud/export?format=parquet");

        Assert.Empty(ids.Except(rows.Select(row => Guid.Parse((string)row["prediction_id"]!))));
        foreach (var row in rows)
        {
            var expected = ToRow(await demo.Server.Client.GetPredictionAsync(Guid.Parse((string)row["prediction_id"]!)));
            Assert.Equal(expected.Select(column => column.Key), names);
            foreach (var (column, value) in expected) Assert.Equal((column, value), (column, row[column]));
        }

        // Each kind of value was there to be compared, and each that may be missing was missing in one.
        Assert.Contains(rows, row => row["user_id"] is "пользователь, \"Ж\"\n");
        Assert.Contains(rows, row => row["label"] is 1.0 && row["labelled_at"] is DateTime);
        Assert.Contains(rows, row => row["label"] is null && row["labelled_at"] is null);
        Assert.Contains(rows, row => row["profile.home_x_age_seconds"] is > 0.0);
        Assert.Contains(rows, row => row["not_fresh"] is not "");
    }

    [Fact]
    public async Task Export_NothingInTheRangeReadByArrow_HasTheColumnsAndNoRow()
    {
        await PredictAsync();
        var (columns, _) = await ReadAsync("/v1/models/fraud/export?format=parquet");

        var (names, rows) = await ReadAsync("/v1/models/fraud/export?format=parquet&to=2020-01-01T00:00:00Z");

        Assert.Equal(columns, names);
        Assert.Empty(rows);
    }

    [Fact]
    public async Task Export_ParquetReadByArrow_TimesAreInUtc()
    {
        using var file = await DownloadAsync("/v1/models/fraud/export?format=parquet");
        using var parquet = new ParquetFileReader(file);

        var schema = parquet.FileMetaData.Schema;
        foreach (var time in new[] { "created_at", "at", "labelled_at" })
            Assert.True(schema.Column(schema.ColumnIndex(time)).LogicalType is TimestampLogicalType { IsAdjustedToUtc: true, TimeUnit: TimeUnit.Millis }, time);
    }

    private static Dictionary<string, object?> ToRow(RecordedPrediction recorded)
    {
        var outcome = recorded.Outcomes is [.., var last] ? last : null;
        var row = new Dictionary<string, object?>
        {
            ["prediction_id"] = recorded.PredictionId.ToString(),
            ["user_id"] = recorded.UserId,
            ["sequence"] = recorded.Sequence,
            ["model"] = recorded.Model,
            ["model_version"] = $"{recorded.ModelVersion}",
            ["variant"] = "default",
            ["created_at"] = recorded.CreatedAt.UtcDateTime,
            ["at"] = recorded.Times!.At.UtcDateTime,
        };
        foreach (var feature in recorded.Features) row[feature.Name] = feature.Value;
        foreach (var feature in recorded.Features) row[$"{feature.Name}_age_seconds"] = feature.Age.TotalSeconds;
        row["not_fresh"] = string.Join(' ', recorded.Features.Where(feature => feature.Status != "fresh").Select(feature => $"{feature.Name}={feature.Status}"));
        row["prediction"] = recorded.Value;
        row["info"] = recorded.Info;
        row["degraded"] = recorded.Degraded;
        row["label"] = outcome?.Label;
        row["labelled_at"] = outcome?.RecordedAt.UtcDateTime;
        return row;
    }

    // Users who are known and who are not, an amount and the default for it.
    private async Task<List<Guid>> PredictAsync()
    {
        var ids = new List<Guid>();
        foreach (var user in new[] { "7", "пользователь, \"Ж\"\n", "7", "7" })
        {
            RequestField[] fields = ids.Count == 3 ? [new("raw_feature", "3156")] : [new("raw_feature", "3156"), new("amount", 0.1 + ids.Count)];
            ids.Add((await demo.Server.Client.PredictAsync(new PredictionRequest { UserId = user, Fields = fields }, Cancellation)).PredictionId);
        }

        return ids;
    }

    private async Task<ManagedRandomAccessFile> DownloadAsync(string path) =>
        new(new MemoryStream(await demo.Server.Http.GetByteArrayAsync(path, Cancellation)));

    private async Task<(IReadOnlyList<string> Names, List<Dictionary<string, object?>> Rows)> ReadAsync(string path)
    {
        using var file = await DownloadAsync(path);
        using var parquet = new ParquetFileReader(file);
        var schema = parquet.FileMetaData.Schema;
        string[] names = [.. Enumerable.Range(0, schema.NumColumns).Select(column => schema.Column(column).Name)];
        var rows = new List<Dictionary<string, object?>>();
        for (var i = 0; i < parquet.FileMetaData.NumRowGroups; i++)
        {
            using var group = parquet.RowGroup(i);
            var columns = names.Select((_, column) => ReadColumn(group, column)).ToArray();
            for (var row = 0; row < group.MetaData.NumRows; row++) rows.Add(names.Select((name, column) => KeyValuePair.Create(name, columns[column][row])).ToDictionary());
        }

        return (names, rows);
    }

    private static object?[] ReadColumn(RowGroupReader group, int column)
    {
        using var reader = group.Column(column).LogicalReader();
        return reader.Apply(new Values((int)group.MetaData.NumRows));
    }

    private sealed class Values(int rows) : ILogicalColumnReaderVisitor<object?[]>
    {
        public object?[] OnLogicalColumnReader<TValue>(LogicalColumnReader<TValue> columnReader) => [.. columnReader.ReadAll(rows).Cast<object?>()];
    }
}
