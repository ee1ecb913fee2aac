using IntegrationTests.Infrastructure;
using OrleansInference;
using OrleansInference.Grains.Models.Sessions;
using Sylvan.Data.Csv;

namespace IntegrationTests;

/// <summary>The shipped fraud models on the published test week, through ONNX Runtime with raw features.</summary>
public sealed class FraudModelTests
{
    private const int FeatureCount = 15;

    [Theory]
    [InlineData(1, 0.86, 0.58)]
    [InlineData(2, 0.872, 0.66)]
    public void Score_PublishedTestWeek_ReachesThePublishedModels(int version, double leastAuc, double leastAveragePrecision)
    {
        var (features, labels) = ReadTestWeek();

        var scores = Score(version, features, labels.Length);

        Assert.Equal(58_264, labels.Length);
        var auc = RankingMetrics.Auc(scores, labels);
        var averagePrecision = RankingMetrics.AveragePrecision(scores, labels);
        TestContext.Current.TestOutputHelper?.WriteLine($"fraud/{version}: AUC {auc:F4}, average precision {averagePrecision:F4}");
        Assert.True(auc >= leastAuc, $"AUC {auc}");
        Assert.True(averagePrecision >= leastAveragePrecision, $"average precision {averagePrecision}");
    }

    private static double[] Score(int version, float[] features, int rows)
    {
        using var session = new OnnxModelSessionFactory().Load(Path.Combine(Repository.Models, "fraud", $"{version}", "model.onnx"));
        var input = Tensor.Create<float>("features", TensorDatatype.FP32, [rows, FeatureCount], features);
        var probabilities = session.Run([input], TestContext.Current.CancellationToken).Single(output => output.Name == "probability").Elements<float>();
        var scores = new double[rows];
        for (var i = 0; i < rows; i++) scores[i] = probabilities[2 * i + 1];
        return scores;
    }

    private static (float[] Features, bool[] Labels) ReadTestWeek()
    {
        var directory = Environment.GetEnvironmentVariable("FRAUD_HANDBOOK_DIR");
        if (string.IsNullOrEmpty(directory))
            Assert.Skip("FRAUD_HANDBOOK_DIR is not set. It names the folder of test.csv.gz, made from the public data set Fraud-Detection-Handbook/simulated-data-transformed on Hugging Face.");

        using var file = new StreamReader(new System.IO.Compression.GZipStream(File.OpenRead(Path.Combine(directory, "test.csv.gz")), System.IO.Compression.CompressionMode.Decompress));
        using var csv = CsvDataReader.Create(file);
        var (features, labels) = (new List<float>(), new List<bool>());
        var first = csv.GetOrdinal("tx_amount");
        while (csv.Read())
        {
            labels.Add(csv.GetString(csv.GetOrdinal("tx_fraud")) == "1");
            for (var i = 0; i < FeatureCount; i++) features.Add((float)csv.GetDouble(first + i));
        }

        return ([.. features], [.. labels]);
    }
}
