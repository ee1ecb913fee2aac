namespace OrleansInference.Grains.PostProcessing.Feedback;

/// <summary>Holds predictions against their labels.</summary>
internal static class QualityMeasure
{
    private const int Bins = 10;

    /// <summary>The quality of each version that has labels, by its number.</summary>
    public static IReadOnlyList<ModelQuality> Of(QualityQuery query, IReadOnlyList<LabelledScore> scores) =>
        [.. scores.GroupBy(score => score.Version).OrderBy(version => version.Key).Select(version => Of(query, version.Key, [.. version]))];

    private static ModelQuality Of(QualityQuery query, int version, LabelledScore[] scores) => new()
    {
        Model = query.Model,
        Version = version,
        Labelled = scores.Length,
        MeanAbsoluteError = Mean([.. scores.Select(Error)]),
        RootMeanSquaredError = RootMeanSquare([.. scores.Select(Error)]),
        Binary = scores.All(score => score.Label is 0 or 1) ? Binary(scores, query.Threshold) : null,
    };

    // Two numbers of opposite signs can be further apart than a double can say.
    private static double Error(LabelledScore score) => Math.Min(Math.Abs(score.Score - score.Label), double.MaxValue);

    // By shares of the largest: a sum of large numbers, or their squares, would overflow, and no JSON can say infinity.
    private static double Mean(double[] values) => LargestOf(values) is var largest and > 0 ? largest * values.Average(value => value / largest) : 0;

    private static double RootMeanSquare(double[] values) =>
        LargestOf(values) is var largest and > 0 ? largest * Math.Sqrt(values.Average(value => Math.Pow(value / largest, 2))) : 0;

    private static double LargestOf(double[] values) => values.Select(Math.Abs).DefaultIfEmpty().Max();

    private static BinaryQuality Binary(LabelledScore[] scores, double threshold)
    {
        var positives = scores.Count(score => score.Label == 1);
        var above = scores.Where(score => score.Score >= threshold).ToArray();
        var hits = above.Count(score => score.Label == 1);
        var bins = Calibration(scores);
        return new BinaryQuality
        {
            Positives = positives,
            Auc = positives == 0 || positives == scores.Length ? null : Auc(scores, positives),
            AveragePrecision = positives == 0 ? null : AveragePrecision(scores, positives),
            Threshold = threshold,
            Precision = above.Length == 0 ? null : (double)hits / above.Length,
            Recall = positives == 0 ? null : (double)hits / positives,
            CalibrationError = Math.Min(bins.Sum(bin => (double)bin.Count / scores.Length * Math.Abs(bin.MeanPrediction - bin.ObservedRate)), double.MaxValue),
            Calibration = bins,
        };
    }

    // By the sum of the ranks of the true ones; equal scores share their mean rank.
    private static double Auc(LabelledScore[] scores, int positives)
    {
        var (rank, sum) = (1, 0.0);
        foreach (var (count, hits) in Ties(scores.OrderBy(score => score.Score)))
        {
            sum += hits * (rank + (count - 1) / 2.0);
            rank += count;
        }

        return (sum - positives * (positives + 1.0) / 2) / ((double)positives * (scores.Length - positives));
    }

    // As scikit-learn has it: a step for each distinct score, from the highest.
    private static double AveragePrecision(LabelledScore[] scores, int positives)
    {
        var (seen, found, sum) = (0, 0, 0.0);
        foreach (var (count, hits) in Ties(scores.OrderByDescending(score => score.Score)))
        {
            seen += count;
            found += hits;
            sum += (double)hits / positives * found / seen;
        }

        return sum;
    }

    private static IEnumerable<(int Count, int Hits)> Ties(IEnumerable<LabelledScore> ordered)
    {
        var (count, hits, last) = (0, 0, double.NaN);
        foreach (var score in ordered)
        {
            if (count > 0 && score.Score != last)
            {
                yield return (count, hits);
                (count, hits) = (0, 0);
            }

            (count, hits, last) = (count + 1, hits + (score.Label == 1 ? 1 : 0), score.Score);
        }

        if (count > 0) yield return (count, hits);
    }

    private static CalibrationBin[] Calibration(LabelledScore[] scores)
    {
        var bins = scores.ToLookup(score => Math.Clamp((int)Math.Floor(score.Score * Bins), 0, Bins - 1));
        return [.. Enumerable.Range(0, Bins).Select(bin => new CalibrationBin(
            (double)bin / Bins,
            (bin + 1.0) / Bins,
            bins[bin].Count(),
            Mean([.. bins[bin].Select(score => score.Score)]),
            Mean([.. bins[bin].Select(score => score.Label)])))];
    }
}
