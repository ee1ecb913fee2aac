using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Storage.Sql.PostgreSql;

/// <summary>Groups the records of concurrent predictions: whatever waits while a group is under way is the next one.</summary>
/// <remarks>
/// Promises: bounded by MaxWaitingWrites; a user's records are committed in their order; a record completes after its commit; an
/// idle writer commits at once; if a commit fails, all of its records fail, and later ones of their chains with them.
/// Threads: any thread appends; one loop at a time commits, on the pool. _gate guards the fields below it.
/// </remarks>
internal sealed partial class PostgreSqlRecordWriter(
    PostgreSqlDatabase database,
    PostgreSqlMigrations migrations,
    OutboxSignal outbox,
    IOptions<PostgreSqlOptions> options,
    TimeProvider time,
    InferenceInstruments instruments,
    ILogger<PostgreSqlRecordWriter> logger) : IRecordWriter, IHostedLifecycleService
{
    private readonly RecordCommit _commit = new(database);
    private readonly Lock _gate = new();
    private readonly RecordQueue _waiting = new(options.Value.MaxWaitingWrites);
    private Task _loop = Task.CompletedTask;
    private bool _running;
    private bool _stopping;

    public Task<AppendOutcome> AppendAsync(PredictionRecord record, CancellationToken cancellationToken)
    {
        var pending = new PendingRecord(record);
        if (pending.LeaveAt(cancellationToken) && Refuse(pending) is { } why) pending.Fail(PostgreSqlFaults.NotRecorded(why));
        return pending.Completion;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => migrations.RunAsync(cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Commits what still waits, after everything that could add more has stopped.</summary>
    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _stopping = true;
            return _loop.WaitAsync(cancellationToken);
        }
    }

    // Null when it was taken.
    private string? Refuse(PendingRecord pending)
    {
        lock (_gate)
        {
            if (_stopping) return "the program is stopping";
            if (!_waiting.TryAdd(pending)) return $"its queue is full (Inference:PostgreSql:MaxWaitingWrites = {options.Value.MaxWaitingWrites})";
            if (_running) return null;
            _running = true;
            _loop = Task.Run(RunAsync);
            return null;
        }
    }

    private async Task RunAsync()
    {
        var group = new List<PendingRecord>();
        while (TryTake(group)) await CommitAsync(group);
    }

    private bool TryTake(List<PendingRecord> group)
    {
        group.Clear();
        lock (_gate)
        {
            while (group.Count == 0 && _waiting.Count > 0) _waiting.Take(group, options.Value.MaxCommitSize);
            return _running = group.Count > 0;
        }
    }

    private async Task CommitAsync(List<PendingRecord> group)
    {
        foreach (var pending in group)
        {
            if (pending.Record.Chain.IsBroken) pending.Complete(AppendOutcome.Broken);
        }

        group.RemoveAll(pending => pending.Completion.IsCompleted);
        if (group.Count == 0) return;
        var startedAt = time.GetTimestamp();
        try
        {
            var outcomes = await _commit.ExecuteAsync([.. group.Select(pending => pending.Record)]);
            instruments.OnCommitted(group.Count, time.GetElapsedTime(startedAt));
            for (var i = 0; i < group.Count; i++) group[i].Complete(outcomes[i]);
            outbox.Raise(group.Where(pending => pending.Completion.Result is AppendOutcome.Appended).SelectMany(pending => pending.Record.Messages));
        }
        catch (Exception e)
        {
            instruments.OnCommitFailed();
            LogCommitFailed(e, group.Count);
            var failure = e as InferenceException ?? Explain(e);
            foreach (var pending in group) pending.Fail(failure);
        }
    }

    // A statement that the server refused was rolled back as a whole; of a connection that broke nothing is known.
    private static InferenceException Explain(Exception failure) => failure is PostgresException && !PostgreSqlFaults.IsUnavailable(failure)
        ? PostgreSqlFaults.NotRecorded(PostgreSqlFaults.Reason(failure))
        : PostgreSqlFaults.MayBeRecorded(failure);

    [LoggerMessage(EventIds.LogCommitFailed, LogLevel.Error, "A commit of {Records} records failed; their callers were told to retry")]
    private partial void LogCommitFailed(Exception cause, int records);
}
