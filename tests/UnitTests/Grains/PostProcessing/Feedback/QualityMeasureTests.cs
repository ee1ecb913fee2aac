using OrleansInference;
using OrleansInference.Grains.PostProcessing.Feedback;

namespace UnitTests.Grains.PostProcessing.Feedback;

/// <summary>Figures worked out by hand.</summary>
public sealed class QualityMeasureTests
{
    // Of the 3 x 2 pairs of a true and a false one, 0.9 > both, 0.4 > one and ties with the other, 0.1 < both.
    private static readonly LabelledScore[] Five = [new(1, 0.9, 1), new(1, 0.4, 1), new(1, 0.1, 1), new(1, 0.4, 0), new(1, 0.2, 0)];

    [Fact]
    public void Auc_WithATie_CountsItHalf() => Assert.Equal(3.5 / 6, Binary(Five).Auc!.Value, 12);

    // A third of recall at precision 1, a third at 2/3, a third at 3/5.
    [Fact]
    public void AveragePrecision_WithATie_TakesTheTieInOneStep() => Assert.Equal((1 + 2.0 / 3 + 3.0 / 5) / 3, Binary(Five).AveragePrecision!.Value, 12);

    [Theory]
    [InlineData(0.5, 1.0, 1.0 / 3)]
    [InlineData(0.4, 2.0 / 3, 2.0 / 3)]
    [InlineData(0.0, 3.0 / 5, 1.0)]
    public void PrecisionAndRecall_Threshold_CountsWhatIsAtOrAboveIt(double threshold, double precision, double recall)
    {
        var quality = Binary(Five, threshold);

        Assert.Equal((precision, recall), (quality.Precision!.Value, quality.Recall!.Value));
    }

    [Fact]
    public void Precision_NothingReachesTheThreshold_IsNone() => Assert.Null(Binary(Five, 0.95).Precision);

    [Fact]
    public void Calibration_Bins_HoldMeanAndRate()
    {
        var quality = Binary([new(1, 0.12, 0), new(1, 0.18, 1), new(1, 1.0, 1), new(1, -0.5, 0)]);

        Assert.Equal((2, 0.15, 0.5), (quality.Calibration[1].Count, Math.Round(quality.Calibration[1].MeanPrediction, 12), quality.Calibration[1].ObservedRate));
        Assert.Equal((1, 1.0, 1.0), (quality.Calibration[9].Count, quality.Calibration[9].MeanPrediction, quality.Calibration[9].ObservedRate));
        Assert.Equal(1, quality.Calibration[0].Count);
        Assert.Equal((2 * 0.35 + 0 + 0.5) / 4, quality.CalibrationError, 12);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Auc_OneClassOnly_IsNone(double label) => Assert.Null(Binary([new(1, 0.9, label), new(1, 0.1, label)]).Auc);

    [Fact]
    public void Of_OtherLabels_HaveErrorsOnly()
    {
        var quality = Assert.Single(QualityMeasure.Of(new QualityQuery { Model = "m" }, [new(3, 10, 12), new(3, 20, 16)]));

        Assert.Equal((3, 2, 3.0, Math.Sqrt(10)), (quality.Version, quality.Labelled, quality.MeanAbsoluteError, quality.RootMeanSquaredError));
        Assert.Null(quality.Binary);
    }

    [Fact]
    public void Of_HugeLabels_HaveTheirErrors()
    {
        var quality = Assert.Single(QualityMeasure.Of(new QualityQuery { Model = "m" }, [new(1, 0.5, 3e200), new(1, 0.5, -4e200)]));

        Assert.Equal(3.5e200, quality.MeanAbsoluteError, 1e188);
        Assert.Equal(Math.Sqrt(12.5) * 1e200, quality.RootMeanSquaredError, 1e188);
    }

    [Fact]
    public void Of_HugeNumbers_StayFinite()
    {
        var quality = Assert.Single(QualityMeasure.Of(
            new QualityQuery { Model = "m" }, [new(1, -double.MaxValue, double.MaxValue), new(1, double.MaxValue, -double.MaxValue), new(1, 0, double.MaxValue)]));

        AssertFinite(quality.MeanAbsoluteError, quality.RootMeanSquaredError);
    }

    [Fact]
    public void Of_HugePredictionsOfTrueAndFalse_StayFinite()
    {
        LabelledScore[] scores = [new(1, double.MaxValue, 1), new(1, double.MaxValue, 0), new(1, -double.MaxValue, 1), new(1, -double.MaxValue, 0), new(1, double.MaxValue, 1)];

        var quality = Assert.Single(QualityMeasure.Of(new QualityQuery { Model = "m", Threshold = 0.5 }, scores));

        var binary = quality.Binary!;
        AssertFinite(quality.MeanAbsoluteError, quality.RootMeanSquaredError, binary.CalibrationError);
        AssertFinite([.. binary.Calibration.Select(bin => bin.MeanPrediction)]);
        AssertFinite(binary.Auc!.Value, binary.AveragePrecision!.Value, binary.Precision!.Value, binary.Recall!.Value);
        Assert.Equal((3, double.MaxValue), (binary.Calibration[9].Count, binary.Calibration[9].MeanPrediction));
        Assert.Equal(2.0 / 3, binary.Calibration[9].ObservedRate, 12);
    }

    [Fact]
    public void Of_PredictionsThatAreTheirLabels_HaveNoError()
    {
        var quality = Assert.Single(QualityMeasure.Of(new QualityQuery { Model = "m" }, [new(1, 7, 7), new(1, 0, 0)]));

        Assert.Equal((0.0, 0.0), (quality.MeanAbsoluteError, quality.RootMeanSquaredError));
    }

    [Fact]
    public void Of_SeveralVersions_AreApart() =>
        Assert.Equal([(1, 1), (2, 2)], QualityMeasure.Of(new QualityQuery { Model = "m" }, [new(2, 0.5, 1), new(1, 0.5, 1), new(2, 0.5, 0)]).Select(quality => (quality.Version, quality.Labelled)));

    [Fact]
    public void Auc_Random_IsTheShareOfPairsInOrder()
    {
        var random = new Random(7);
        var scores = Enumerable.Range(0, 300).Select(_ => new LabelledScore(1, random.Next(40) / 40.0, random.Next(2))).ToArray();
        var pairs = (from one in scores where one.Label == 1 from zero in scores where zero.Label == 0 select one.Score > zero.Score ? 1 : one.Score == zero.Score ? 0.5 : 0).ToArray();

        Assert.Equal(pairs.Average(), Binary(scores).Auc!.Value, 10);
    }

    private static void AssertFinite(params double[] figures) => Assert.All(figures, figure => Assert.True(double.IsFinite(figure), $"{figure}"));

    private static BinaryQuality Binary(LabelledScore[] scores, double threshold = 0.5) =>
        Assert.Single(QualityMeasure.Of(new QualityQuery { Model = "m", Threshold = threshold }, scores)).Binary!;
}
