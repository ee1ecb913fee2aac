using OrleansInference;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;

namespace UnitTests.Fakes;

/// <summary>A log in memory: it keeps what it is handed, unless the test says what becomes of it.</summary>
internal sealed class FakePredictionLog : IPredictionLog
{
    public List<PredictionRecord> Records { get; } = [];

    public int Reads { get; private set; }

    /// <summary>What becomes of each record that is handed over.</summary>
    public Func<PredictionRecord, Task<AppendOutcome>> OnAppend { get; set; } = _ => Task.FromResult(AppendOutcome.Appended);

    public async Task<AppendOutcome> AppendAsync(PredictionRecord record, CancellationToken cancellationToken)
    {
        var outcome = await OnAppend(record);
        if (outcome is AppendOutcome.Appended) Records.Add(record);
        return outcome;
    }

    /// <summary>What is waited for before the end of a user's records is looked for.</summary>
    public Func<Task> OnReadLastSequence { get; set; } = () => Task.CompletedTask;

    public async Task<long> ReadLastSequenceAsync(string user)
    {
        await OnReadLastSequence();
        return Records.Where(record => record.User == user).Select(record => record.Sequence).DefaultIfEmpty().Max();
    }

    public Task<PredictionRecord?> ReadAsync(Guid id)
    {
        Reads++;
        return Task.FromResult(Records.Find(record => record.Id == id));
    }

    public Task<PredictionRecord?> ReadByKeyAsync(string user, string model, string idempotencyKey)
    {
        Reads++;
        return Task.FromResult(Records.Find(record => record.User == user && record.Model == model && record.IdempotencyKey == idempotencyKey));
    }

    public Task ReleaseKeyAsync(Guid id)
    {
        var index = Records.FindIndex(record => record.Id == id);
        Records[index] = Records[index] with { IdempotencyKey = null };
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<PredictionRecord>> ReadLatestAsync(string user, int most) =>
        Task.FromResult<IReadOnlyList<PredictionRecord>>([.. Records.Where(record => record.User == user).OrderByDescending(record => record.Sequence).Take(most)]);

    /// <summary>Up to which number the events of each user were said to be kept elsewhere.</summary>
    public Dictionary<string, long> Released { get; } = [];

    /// <summary>Throws where the test wants the reading of events to fail.</summary>
    public Action OnReadEvents { get; set; } = () => { };

    public Task<IReadOnlyList<PredictionRecord>> ReadEventsAsync(string user, long after, int most)
    {
        OnReadEvents();
        return Task.FromResult<IReadOnlyList<PredictionRecord>>(
            [.. Records.Where(record => record.User == user && record.IsEvent && record.Sequence > after).OrderBy(record => record.Sequence).Take(most)]);
    }

    public Task ReleaseEventsAsync(string user, long through)
    {
        Released[user] = through;
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<PredictionRecord>> ReadRangeAsync(ExportQuery query, LogCursor? after, int most) => throw new NotSupportedException();

    public Task<long> CountRangeAsync(ExportQuery query, long most) => throw new NotSupportedException();

    public Task<IReadOnlyList<FeatureSchema>> ReadSchemasAsync(string model) => throw new NotSupportedException();
}
