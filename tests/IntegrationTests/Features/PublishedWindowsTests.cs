using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using IntegrationTests.Infrastructure;
using OrleansInference;
using OrleansInference.Grains.PostProcessing;
using Sylvan.Data.Csv;

namespace IntegrationTests.Features;

/// <summary>Live windows against the published ones: each transaction is a prediction, and all six window features are those of the file.</summary>
/// <remarks>A part of the file in each run, all of it where INFERENCE_TESTS_SOAK is set.</remarks>
public sealed class PublishedWindowsTests
{
    private const int RowsInEachRun = 12_000;
    private const int AllRows = 141_441;
    private const int Callers = 64;
    private const double Tolerance = 1e-6;

    private static readonly DateTimeOffset Start = new(2018, 4, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly string[] Columns = ["count_1d", "mean_1d", "count_7d", "mean_7d", "count_30d", "mean_30d"];

    [Fact]
    public async Task Predict_PublishedTransactionsInTheirOrder_CountsWhatIsPublished()
    {
        var published = Read(Soak.Rounds(inEachRun: RowsInEachRun, whole: AllRows));
        var directory = new TestDirectory();
        await using var server = await InProcessServer.StartAsync(directory, WriteModel(directory));
        await PredictAsync(server.Client, new Transaction(-1, "warm-up", 0, 1, []));

        var clock = Stopwatch.StartNew();
        var users = new Queue<IGrouping<string, Transaction>>(published.GroupBy(row => row.User));
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(() => PredictUsersAsync(server.Client, users))));
        var perSecond = published.Count / clock.Elapsed.TotalSeconds;

        var counted = ReadLog(server.Log);
        foreach (var row in published) AssertPublished(row, counted[$"{row.Number}"]);
        Assert.Equal(published.Count + 1, counted.Count);
        TestContext.Current.TestOutputHelper?.WriteLine($"{published.Count} transactions, all six windows as published; {perSecond:F0} a second");
    }

    private static async Task PredictUsersAsync(IInferenceClient client, Queue<IGrouping<string, Transaction>> users)
    {
        while (true)
        {
            IGrouping<string, Transaction>? user;
            lock (users)
            {
                if (!users.TryDequeue(out user)) return;
            }

            foreach (var row in user) await PredictAsync(client, row);
        }
    }

    private static Task<Prediction> PredictAsync(IInferenceClient client, Transaction row) => client.PredictAsync(new PredictionRequest
    {
        UserId = row.User,
        IdempotencyKey = $"{row.Number}",
        Fields = [new("amount", row.Amount), new("at", Start.AddSeconds(row.Seconds).ToUnixTimeSeconds())],
    });

    private static void AssertPublished(Transaction row, double[] counted)
    {
        for (var i = 0; i < Columns.Length; i++)
        {
            var allowed = i % 2 == 0 ? 0 : Tolerance * row.Published[i];
            Assert.True(Math.Abs(counted[i] - row.Published[i]) <= allowed, $"row {row.Number}, user {row.User}, {Columns[i]}: {row.Published[i]} is published, {counted[i]} was counted");
        }
    }

    private static Dictionary<string, double[]> ReadLog(PredictionDatabase log)
    {
        var names = JsonSerializer.Deserialize<string[]>(log.Read("SELECT names FROM record_schemas", row => row.GetString(0)).Single())!;
        var places = Columns.Select(column => Array.IndexOf(names, $"spending.{column}")).ToArray();
        return log
            .Read("SELECT request_key, body FROM predictions", row => (Key: row.GetString(0), Body: PredictionBody.Decode((byte[])row.GetValue(1))))
            .ToDictionary(row => row.Key, row => places.Select(place => row.Body.Features[place].Value.Number).ToArray());
    }

    private static string[] WriteModel(TestDirectory directory) =>
    [
        .. WindowModel.Write(directory, "spending.count_1d", "spending.mean_1d", "spending.count_30d", "spending.mean_30d"),
        .. Columns.SelectMany(Configure),
    ];

    private static IEnumerable<string> Configure(string column)
    {
        var (aggregate, days) = (column.Split('_')[0], column.Split('_')[1].TrimEnd('d'));
        yield return $"Inference:FeatureViews:spending:Columns:{column}:Aggregate={aggregate}";
        yield return $"Inference:FeatureViews:spending:Columns:{column}:Window={days}.00:00:00";
        if (aggregate is "mean") yield return $"Inference:FeatureViews:spending:Columns:{column}:Default=0";
    }

    private static List<Transaction> Read(int most)
    {
        var directory = Environment.GetEnvironmentVariable("FRAUD_HANDBOOK_DIR");
        if (string.IsNullOrEmpty(directory))
            Assert.Skip("FRAUD_HANDBOOK_DIR is not set. It names the folder of user_windows.csv.gz, made from the public data set Fraud-Detection-Handbook/simulated-data-transformed on Hugging Face.");

        using var file = new StreamReader(new GZipStream(File.OpenRead(Path.Combine(directory, "user_windows.csv.gz")), CompressionMode.Decompress));
        using var csv = CsvDataReader.Create(file);
        var rows = new List<Transaction>();
        while (rows.Count < most && csv.Read()) rows.Add(Read(csv, rows.Count));
        return rows;
    }

    private static Transaction Read(CsvDataReader csv, int number) => new(
        number,
        csv.GetString(csv.GetOrdinal("user_id")),
        csv.GetInt64(csv.GetOrdinal("tx_time_seconds")),
        csv.GetDouble(csv.GetOrdinal("tx_amount")),
        [.. Enumerable.Range(csv.GetOrdinal("customer_id_nb_tx_1day_window"), Columns.Length).Select(column => double.Parse(csv.GetString(column), CultureInfo.InvariantCulture))]);

    private sealed record Transaction(int Number, string User, long Seconds, double Amount, double[] Published);
}
