using System.Globalization;
using System.Net;
using IntegrationTests.Infrastructure;
using OrleansInference;
using Parquet;
using Parquet.Schema;
using Sylvan.Data.Csv;

namespace IntegrationTests.AfterThePrediction;

/// <summary>GET /v1/models/{model}/export: the log as a training set, row by row.</summary>
[Collection<MeasuresItsProcess>]
public sealed class ExportTests(PrivateDemoServer demo) : IClassFixture<PrivateDemoServer>
{
    private const string LabelledUser = "7";

    [Fact]
    public async Task Export_Csv_EqualsTheLog()
    {
        var predictions = await PredictAsync(demo.Server, 40);
        await demo.Server.Client.RecordOutcomeAsync(predictions[7].PredictionId, 0);
        await demo.Server.Client.RecordOutcomeAsync(predictions[7].PredictionId, 1);

        var rows = await ReadCsvAsync(demo.Server, "/v1/models/fraud/export");

        foreach (var prediction in predictions) await AssertRowAsync(rows[prediction.PredictionId]);
        Assert.Equal("1", rows[predictions[7].PredictionId]["label"]);
        Assert.Equal("", rows[predictions[8].PredictionId]["label"]);
        Assert.Contains(rows.Values, row => row["profile.home_x_age_seconds"] is not ("" or "0"));
        Assert.Equal(demo.Server.Log.Read("SELECT id FROM predictions WHERE model = 'fraud' ORDER BY created_at, id", row => new Guid((byte[])row.GetValue(0), bigEndian: true)), rows.Keys);
    }

    [Fact]
    public async Task Export_Parquet_EqualsTheCsv()
    {
        await PredictAsync(demo.Server, 10);
        var to = DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture);
        var csv = await ReadCsvAsync(demo.Server, $"/v1/models/fraud/export?to={Uri.EscapeDataString(to)}");

        await using var file = new MemoryStream(await demo.Server.Http.GetByteArrayAsync($"/v1/models/fraud/export?format=parquet&to={Uri.EscapeDataString(to)}", TestContext.Current.CancellationToken));
        var table = await ReadParquetAsync(file);

        Assert.Equal(csv.Values.First().Keys, table.Keys);
        var ids = table["prediction_id"];
        Assert.Equal(csv.Keys.Select(id => id.ToString()), ids);
        foreach (var (column, values) in table)
        {
            for (var i = 0; i < ids.Count; i++) Assert.Equal(csv[Guid.Parse((string)ids[i]!)][column], ToText(values[i]));
        }
    }

    [Fact]
    public async Task Export_Range_HoldsWhatWasRecordedInIt()
    {
        await PredictAsync(demo.Server, 1);
        var from = DateTimeOffset.UtcNow.AddMilliseconds(2);
        await Eventually.TrueAsync(() => DateTimeOffset.UtcNow > from);
        var inside = await PredictAsync(demo.Server, 3);

        var rows = await ReadCsvAsync(demo.Server, $"/v1/models/fraud/export?from={Uri.EscapeDataString(from.ToString("O", CultureInfo.InvariantCulture))}");

        Assert.Equal(inside.Select(prediction => prediction.PredictionId).Order(), rows.Keys.Order());
    }

    [Fact]
    public async Task Export_NothingInTheRange_IsAHeaderOnly()
    {
        await PredictAsync(demo.Server, 1);

        var text = await demo.Server.Http.GetStringAsync("/v1/models/fraud/export?to=2020-01-01T00:00:00Z", TestContext.Current.CancellationToken);

        Assert.StartsWith("prediction_id,user_id,sequence,", text, StringComparison.Ordinal);
        Assert.Single(text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Export_ManyRecords_AreStreamed()
    {
        const int Records = 30_000;
        await using var server = await InProcessServer.StartPatientDemoAsync();
        await PredictAsync(server, 1);
        Multiply(server.Log, Records);
        using var response = await server.Http.GetAsync("/v1/models/fraud/export", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);

        var (lines, reads, highest, before) = (0, 0, 0L, GC.GetTotalMemory(forceFullCollection: true));
        var buffer = new byte[1 << 16];
        for (int read; (read = await body.ReadAsync(buffer, TestContext.Current.CancellationToken)) > 0;)
        {
            lines += buffer.AsSpan(0, read).Count((byte)'\n');
            if (reads++ % 32 == 0) highest = Math.Max(highest, GC.GetTotalMemory(forceFullCollection: true) - before);
        }

        // The header's, and the one in the first user's id.
        Assert.Equal(Records + 2, lines);

        // Server and client share the process; the whole export is some 12 MB of text and ten times that as objects.
        Assert.InRange(highest, 0, 80L << 20);
        TestContext.Current.TestOutputHelper?.WriteLine($"{Records} rows with at most {highest >> 20} MiB more than before");
    }

    // More numbers than any page of the log holds, and then text: where a manifest was changed, and where a field was not sent before.
    [Fact]
    public async Task Export_TextAfterManyNumbers_IsAColumnOfTextWithAllOfThem()
    {
        const int Numbers = 2_100;
        using var directory = new TestDirectory();
        var models = directory.CopyTestModels("versioned");
        TestModels.WriteManifest(models, "versioned", Manifest("number"));
        await using var server = await InProcessServer.StartAsync(new TestDirectory(), [$"Inference:ModelRepository:Path={models}", "Inference:ModelRepository:PollInterval=00:00:00"]);
        await PredictNotesAsync(server, [.. Enumerable.Range(0, Numbers).Select(i => new RequestField[] { new("x", i), new("note", i / 8.0) })]);
        TestModels.WriteManifest(models, "versioned", Manifest("string"));
        await server.Client.LoadModelAsync("versioned");
        await PredictNotesAsync(server, [[new("x", 1), new("note", "seven"), new("remark", "a, b")]]);

        var csv = await ReadCsvAsync(server, "/v1/models/versioned/export");
        await using var file = new MemoryStream(await server.Http.GetByteArrayAsync("/v1/models/versioned/export?format=parquet", TestContext.Current.CancellationToken));
        var table = await ReadParquetAsync(file);

        string[] notes = [.. Enumerable.Range(0, Numbers).Select(i => (i / 8.0).ToString("R", CultureInfo.InvariantCulture)), "seven"];
        Assert.Equal(notes, csv.Values.OrderBy(row => row["sequence"].Length).ThenBy(row => row["sequence"], StringComparer.Ordinal).Select(row => row["request.note"]));
        Assert.Equal(notes, table["sequence"].Zip(table["request.note"]).OrderBy(row => (long)row.First!).Select(row => (string)row.Second!));
        Assert.Equal("a, b", Assert.Single(csv.Values, row => row["request.remark"] != "")["request.remark"]);
        Assert.Equal("a, b", Assert.Single(table["request.remark"], value => value is not null));
        Assert.All(table["request.note_age_seconds"], age => Assert.Equal(0.0, age));
        Assert.All(table["request.x"], value => Assert.IsType<double>(value));
    }

    [Theory]
    [InlineData("format=xml", "format", "must be csv or parquet")]
    [InlineData("from=yesterday", "from", "must be an ISO 8601 time such as 2026-04-01T00:00:00Z")]
    [InlineData("from=01/04/2026", "from", "must be an ISO 8601 time such as 2026-04-01T00:00:00Z")]
    [InlineData("to=12:00", "to", "must be an ISO 8601 time such as 2026-04-01T00:00:00Z")]
    public async Task Export_FaultyQuery_IsRefusedByItsParameter(string query, string field, string fault)
    {
        using var response = await demo.Server.Http.GetAsync($"/v1/models/fraud/export?{query}", TestContext.Current.CancellationToken);

        var problem = await Problem.ReadAsync(response);
        Assert.Equal((HttpStatusCode.UnprocessableEntity, field, fault), (problem.Status, problem.Errors[0].Field, problem.Errors[0].Message));
    }

    [Fact]
    public async Task Export_UnknownModel_IsNotFound()
    {
        using var response = await demo.Server.Http.GetAsync("/v1/models/nothing/export", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, (await Problem.ReadAsync(response)).Status);
    }

    private static async Task<List<Prediction>> PredictAsync(InProcessServer server, int count)
    {
        var predictions = new List<Prediction>();
        for (var i = 0; i < count; i++)
        {
            var request = new PredictionRequest { UserId = i == 0 ? "a \"quoted\", user\n" : LabelledUser, Fields = [new("raw_feature", "3156"), new("amount", 0.1 + i)] };
            predictions.Add(await server.Client.PredictAsync(request, TestContext.Current.CancellationToken));
        }

        return predictions;
    }

    private static string Manifest(string note) =>
        $$"""
        {
          "versions": { "policy": "all", "default": 1 },
          "predict": {
            "request":  { "x": { "type": "number", "required": true }, "note": { "type": "{{note}}" }, "remark": { "type": "string" } },
            "inputs":   { "x": [ "request.x" ] },
            "response": { "prediction": { "output": "y" } },
            "deadline": "00:00:25"
          }
        }
        """;

    // Of one user, so that the sequence is their order.
    private static async Task PredictNotesAsync(InProcessServer server, RequestField[][] requests)
    {
        foreach (var batch in requests.Chunk(IInferenceClient.MaxBatch))
        {
            var results = await server.Client.PredictBatchAsync(
                [.. batch.Select(fields => new PredictionRequest { Model = "versioned", UserId = LabelledUser, Fields = fields })], TestContext.Current.CancellationToken);
            Assert.All(results, result => Assert.Null(result.Failure));
        }

        await Eventually.NextMillisecondAsync();
    }

    private async Task AssertRowAsync(IReadOnlyDictionary<string, string> row)
    {
        var recorded = await demo.Server.Client.GetPredictionAsync(Guid.Parse(row["prediction_id"]));
        Assert.Equal(
            (recorded.UserId, recorded.Sequence, recorded.Value, recorded.Info, recorded.ModelVersion),
            (row["user_id"], long.Parse(row["sequence"], CultureInfo.InvariantCulture), double.Parse(row["prediction"], CultureInfo.InvariantCulture), row["info"], int.Parse(row["model_version"], CultureInfo.InvariantCulture)));
        Assert.Equal(recorded.CreatedAt, DateTimeOffset.Parse(row["created_at"], CultureInfo.InvariantCulture));
        foreach (var feature in recorded.Features)
        {
            Assert.Equal(ToText(feature.Value), row[feature.Name]);
            Assert.Equal(ToText(feature.Age.TotalSeconds), row[$"{feature.Name}_age_seconds"]);
        }
    }

    // The same record under other ids, users and milliseconds.
    private static void Multiply(PredictionDatabase log, int records)
    {
        using var connection = log.Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            $"""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {records - 1})
            INSERT INTO predictions (id, user, seq, model, version, variant, created_at, body)
            SELECT randomblob(16), '-!' || i, 1, model, version, variant, created_at - i / 3, body FROM predictions, n WHERE predictions.seq = 1
            """;
        command.ExecuteNonQuery();
    }

    private static async Task<Dictionary<Guid, IReadOnlyDictionary<string, string>>> ReadCsvAsync(InProcessServer server, string path)
    {
        var text = await server.Http.GetStringAsync(path, TestContext.Current.CancellationToken);
        await using var csv = await CsvDataReader.CreateAsync(new StringReader(text), new CsvDataReaderOptions { BufferSize = 1 << 20 });
        var rows = new Dictionary<Guid, IReadOnlyDictionary<string, string>>();
        while (await csv.ReadAsync(TestContext.Current.CancellationToken))
            rows.Add(csv.GetGuid(0), Enumerable.Range(0, csv.FieldCount).ToDictionary(csv.GetName, csv.GetString));
        return rows;
    }

    private static async Task<Dictionary<string, List<object?>>> ReadParquetAsync(Stream file)
    {
        await using var parquet = await ParquetReader.CreateAsync(file, cancellationToken: TestContext.Current.CancellationToken);
        var table = new Dictionary<string, List<object?>>();
        for (var i = 0; i < parquet.RowGroupCount; i++)
        {
            using var group = parquet.OpenRowGroupReader(i);
            foreach (var field in parquet.Schema.DataFields)
            {
                if (!table.TryGetValue(field.Name, out var values)) table.Add(field.Name, values = []);
                values.AddRange(await ReadAsync(group, field));
            }
        }

        return table;
    }

    private static async Task<IEnumerable<object?>> ReadAsync(ParquetRowGroupReader group, DataField field)
    {
        if (field.ClrType == typeof(double)) return await ReadAsync<double>(group, field);
        if (field.ClrType == typeof(long)) return await ReadAsync<long>(group, field);
        if (field.ClrType == typeof(bool)) return await ReadAsync<bool>(group, field);
        if (field.ClrType == typeof(DateTime)) return await ReadAsync<DateTime>(group, field);
        var texts = new string?[group.RowCount];
        await group.ReadAsync(field, texts.AsMemory(), null, TestContext.Current.CancellationToken);
        return texts;
    }

    private static async Task<IEnumerable<object?>> ReadAsync<T>(ParquetRowGroupReader group, DataField field)
        where T : struct
    {
        var values = new T?[group.RowCount];
        await group.ReadAsync<T>(field, values.AsMemory(), null, TestContext.Current.CancellationToken);
        return values.Cast<object?>();
    }

    private static string ToText(object? value) => value switch
    {
        null => "",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        DateTime time => time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        bool flag => flag ? "True" : "False",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
