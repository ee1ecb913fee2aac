using System.Globalization;
using FraudDemo;
using IntegrationTests.Infrastructure;
using Microsoft.Data.Sqlite;
using OrleansInference;
using OrleansInference.Grains.Models.Sessions;

namespace IntegrationTests.Features;

/// <summary>The demo's last whole week through POST /predict: the live answers rank as the same model does offline, on features computed from the tables.</summary>
/// <remarks>Some of the users in each run, all of them where INFERENCE_TESTS_SOAK is set.</remarks>
public sealed class NoSkewTests
{
    private const int Day = 86_400;
    private const int Delay = 7 * Day;
    private const int Callers = 8;
    private const int FeatureCount = 15;

    private static readonly int[] WindowDays = [1, 7, 30];

    [Fact]
    public async Task Predict_DemosOwnWeek_RanksAsTheModelDoesOffline()
    {
        await using var server = await InProcessServer.StartPatientDemoAsync();
        var payments = Read(Path.Combine(server.DataDirectory, FraudDatabase.FileName));
        var today = DateTimeOffset.UtcNow.ToUnixTimeSeconds() / Day * Day;
        var oneIn = Soak.Rounds(inEachRun: 40, whole: 1);
        var week = payments.Where(payment => payment.At >= today - Delay && payment.At < today && payment.User % oneIn == 0).ToArray();

        var live = await PredictAsync(server.Http, week);
        var offline = Score(Assemble(payments, week));

        var labels = week.Select(payment => payment.Fraud).ToArray();
        var (liveAuc, offlineAuc) = (RankingMetrics.Auc(live, labels), RankingMetrics.Auc(offline, labels));
        TestContext.Current.TestOutputHelper?.WriteLine($"{week.Length} payments, {labels.Count(label => label)} frauds: AUC live {liveAuc:F4}, offline {offlineAuc:F4}");
        Assert.All(live.Zip(offline), pair => Assert.Equal(pair.Second, pair.First, 1e-5));
        Assert.True(Math.Abs(liveAuc - offlineAuc) < 0.0005, $"live {liveAuc}, offline {offlineAuc}");
    }

    private static async Task<double[]> PredictAsync(HttpClient http, Payment[] week)
    {
        var scores = new double[week.Length];
        var users = new Queue<IGrouping<long, int>>(Enumerable.Range(0, week.Length).GroupBy(i => week[i].User));
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                IGrouping<long, int>? user;
                lock (users)
                {
                    if (!users.TryDequeue(out user)) return;
                }

                foreach (var i in user) scores[i] = await PredictAsync(http, week[i]);
            }
        })));
        return scores;
    }

    private static async Task<double> PredictAsync(HttpClient http, Payment payment)
    {
        var (_, body) = await http.PostJsonAsync("/v1/models/fraud/predict", string.Create(
            CultureInfo.InvariantCulture, $$"""{"user_id": {{payment.User}}, "raw_feature": "{{payment.Terminal}}", "amount": {{payment.Amount}}, "at": {{payment.At}}}"""));
        Assert.False(body.GetProperty("degraded").GetBoolean(), body.ToString());
        Assert.Equal("2", body.GetProperty("model_version").GetString());
        return body.GetProperty("prediction").GetDouble();
    }

    // The features as they are defined for training, see models/train/features.py: the terminal's as of the day.
    private static float[] Assemble(Payment[] payments, Payment[] week)
    {
        var users = payments.GroupBy(payment => payment.User).ToDictionary(user => user.Key, user => user.ToArray());
        var terminals = payments.GroupBy(payment => payment.Terminal).ToDictionary(terminal => terminal.Key, terminal => terminal.ToArray());
        var features = new List<float>(week.Length * FeatureCount);
        foreach (var payment in week)
        {
            features.Add((float)payment.Amount);
            features.Add((payment.At / Day + 3) % 7 >= 5 ? 1 : 0);
            features.Add(payment.At % Day / 3600 <= 6 ? 1 : 0);

            // Those before it and itself: of the same second, the ones that came before.
            var own = users[payment.User];
            AddWindows(features, own[..(Array.IndexOf(own, payment) + 1)], payment.At, one => one.Amount);
            AddWindows(features, terminals[payment.Terminal], (payment.At / Day * Day) - Delay, one => one.Fraud ? 1 : 0);
        }

        return [.. features];
    }

    private static void AddWindows(List<float> features, Payment[] payments, long until, Func<Payment, double> value)
    {
        foreach (var days in WindowDays)
        {
            var inside = payments.Where(one => one.At > until - (days * Day) && one.At <= until).Select(value).ToArray();
            features.Add(inside.Length);
            features.Add((float)(inside.Length == 0 ? 0 : inside.Sum() / inside.Length));
        }
    }

    private static double[] Score(float[] features)
    {
        var rows = features.Length / FeatureCount;
        using var session = new OnnxModelSessionFactory().Load(Path.Combine(Repository.Models, "fraud", "2", "model.onnx"));
        var input = Tensor.Create<float>("features", TensorDatatype.FP32, [rows, FeatureCount], features);
        var probabilities = session.Run([input], TestContext.Current.CancellationToken).Single(output => output.Name == "probability").Elements<float>();
        var scores = new double[rows];
        for (var i = 0; i < rows; i++) scores[i] = probabilities[(2 * i) + 1];
        return scores;
    }

    private static Payment[] Read(string file)
    {
        using var connection = new SqliteConnection(FraudDatabase.ReadOnlyConnectionString(file));
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT transaction_id, unix_seconds, user_id, terminal_id, amount, fraud FROM transactions ORDER BY unix_seconds, transaction_id";
        using var rows = command.ExecuteReader();
        var payments = new List<Payment>();
        while (rows.Read()) payments.Add(new Payment(rows.GetInt64(0), rows.GetInt64(1), rows.GetInt64(2), rows.GetInt64(3), rows.GetDouble(4), rows.GetInt64(5) != 0));
        return [.. payments];
    }

    private sealed record Payment(long Id, long At, long User, long Terminal, double Amount, bool Fraud);
}
