namespace IntegrationTests.Infrastructure;

/// <summary>How well scores put the positives first; the definitions of scikit-learn.</summary>
internal static class RankingMetrics
{
    /// <summary>The chance that a positive scores higher than a negative; equal scores count half.</summary>
    public static double Auc(double[] scores, bool[] labels)
    {
        var order = Enumerable.Range(0, scores.Length).OrderBy(i => scores[i]).ToArray();
        double positives = labels.Count(label => label), negatives = labels.Length - positives, rankSum = 0;
        for (int start = 0, end; start < order.Length; start = end)
        {
            for (end = start; end < order.Length && scores[order[end]] == scores[order[start]];) end++;
            var middleRank = (start + 1 + end) / 2.0;
            for (var i = start; i < end; i++) rankSum += labels[order[i]] ? middleRank : 0;
        }

        return (rankSum - positives * (positives + 1) / 2) / (positives * negatives);
    }

    /// <summary>The mean precision over the positives, stepping through the distinct scores from the highest.</summary>
    public static double AveragePrecision(double[] scores, bool[] labels)
    {
        var order = Enumerable.Range(0, scores.Length).OrderByDescending(i => scores[i]).ToArray();
        double positives = labels.Count(label => label), found = 0, sum = 0;
        for (int start = 0, end; start < order.Length; start = end)
        {
            var before = found;
            for (end = start; end < order.Length && scores[order[end]] == scores[order[start]]; end++) found += labels[order[end]] ? 1 : 0;
            sum += (found - before) / positives * (found / end);
        }

        return sum;
    }
}
