using System.Globalization;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Models;

namespace OrleansInference.Grains.PostProcessing.Replay;

/// <summary>Begins replays of time ranges and scores them a page at a time.</summary>
internal sealed class RangeReplay(IPredictionLog log, PredictionReplay replay, ModelCatalog models, IOptions<ReplayOptions> options, TimeProvider time)
{
    private readonly Patience _patience = new(options.Value.Patience, time);

    /// <exception cref="InferenceException">NotFound: the model, or the version, naming what is served. InvalidInput or StorageUnavailable.</exception>
    public async Task<ReplayProgress> BeginAsync(ReplayQuery query, CancellationToken cancellationToken)
    {
        if (Faults(query) is { Count: > 0 } faults) throw InferenceException.InvalidInput(faults);

        // Until now, so that it comes to an end while predictions go on.
        var startedAt = time.GetUtcNow();
        var range = new ExportQuery { Model = query.Model, From = query.From, To = query.To ?? startedAt };
        var model = await models.AcquirePredictingAsync(query.Model, cancellationToken);
        try
        {
            return new ReplayProgress
            {
                Range = range,
                Version = model.Version(query.Version).Served.Version,
                Rules = model.Plan!.Rules,
                Total = await log.CountRangeAsync(range, query.Limit ?? long.MaxValue),
                StartedAt = startedAt,
            };
        }
        finally
        {
            model.Release();
        }
    }

    /// <summary>The next predictions; none at the end.</summary>
    /// <exception cref="InferenceException">It cannot go on: the version is gone, or what was waited for did not come.</exception>
    public async Task<ReplayPage> NextAsync(ReplayProgress progress, CancellationToken cancellationToken)
    {
        var most = (int)Math.Min(options.Value.PageSize, progress.Total - progress.Done);
        var records = most > 0 ? await _patience.TryAsync(() => log.ReadRangeAsync(progress.Range!, progress.Cursor, most), cancellationToken) : [];
        var scores = new Score[records.Count];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Value.Concurrency, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            Enumerable.Range(0, records.Count),
            parallel,
            async (i, stopping) => scores[i] = await ScoreAsync(records[i], progress.Version, stopping));
        return new ReplayPage(
            [.. scores.Select(score => score.Replayed).OfType<ReplayedPrediction>()],
            [.. scores.Select(score => score.Failure).OfType<ReplayFailure>()],
            records.Count > 0 ? new LogCursor(records[^1].CreatedAt, records[^1].Id) : null);
    }

    /// <summary>Tries that again while what it needs is only unavailable just now.</summary>
    public Task WaitForAsync(Func<Task> action, CancellationToken cancellationToken) => _patience.TryAsync(
        async () =>
        {
            await action();
            return true;
        },
        cancellationToken);

    private async Task<Score> ScoreAsync(PredictionRecord record, int version, CancellationToken cancellationToken)
    {
        var text = version.ToString(CultureInfo.InvariantCulture);
        try
        {
            return new Score(await _patience.TryAsync(() => replay.ReplayAsync(record, text, InferencePriority.Bulk, cancellationToken), cancellationToken), null);
        }
        catch (Exception e) when (e is InvalidDataException or InferenceException { Code: InferenceErrorCode.InvalidInput or InferenceErrorCode.ModelFailed })
        {
            // Of this prediction alone: the others go on.
            return new Score(null, new ReplayFailure(record.Id, e.Message));
        }
    }

    private static List<FieldError> Faults(ReplayQuery query)
    {
        var faults = new List<FieldError>();
        if (query.Limit is { } limit and < 1) faults.Add(new FieldError("limit", "must be 1 or more", limit.ToString(CultureInfo.InvariantCulture)));
        if (query.From >= query.To) faults.Add(new FieldError("to", "must be later than from", query.To!.Value.ToString("O", CultureInfo.InvariantCulture)));
        return faults;
    }

    private readonly record struct Score(ReplayedPrediction? Replayed, ReplayFailure? Failure);
}
