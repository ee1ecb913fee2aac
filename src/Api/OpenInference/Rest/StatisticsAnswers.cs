using System.Globalization;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>The statistics and model configuration extensions.</summary>
internal static class StatisticsAnswers
{
    public static async Task<StatisticsBody> GetAsync(IInferenceClient client, string? model, string? version) =>
        new([.. (await client.GetStatisticsAsync(model, version)).Select(ToBody)]);

    /// <summary>The manifest in effect; it holds for all versions, so a version is only held against those that there are.</summary>
    public static async Task<IResult> GetConfigAsync(IInferenceClient client, string model, string? version)
    {
        if (version is not null) await client.IsModelReadyAsync(model, version);
        return Results.Text(await client.GetModelConfigAsync(model), "application/json");
    }

    private static VersionStatisticsBody ToBody(ModelStatistics statistics) => new(
        statistics.Name,
        statistics.Version.ToString(CultureInfo.InvariantCulture),
        statistics.LastInference?.ToUnixTimeMilliseconds() ?? 0,
        statistics.InferenceCount,
        statistics.ExecutionCount,
        new InferenceStatisticsBody(
            ToBody(statistics.Success),
            ToBody(statistics.Fail),
            ToBody(statistics.Queue),
            ToBody(statistics.ComputeInput),
            ToBody(statistics.ComputeInfer),
            ToBody(statistics.ComputeOutput),
            ToBody(statistics.CacheHit),
            ToBody(statistics.CacheMiss)),
        [.. statistics.Batches.Select(ToBody)]);

    private static BatchStatisticsBody ToBody(BatchStatistics batch) =>
        new(batch.BatchSize, ToBody(batch.ComputeInput), ToBody(batch.ComputeInfer), ToBody(batch.ComputeOutput));

    private static DurationBody ToBody(DurationSum sum) => new(sum.Count, sum.Total.Ticks * TimeSpan.NanosecondsPerTick);
}
