using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrleansInference.Grains;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;
using OrleansInference.Storage.Sql;
using UnitTests.Fakes;

namespace UnitTests.Storage;

/// <summary>The embedded database in a directory of the test's own.</summary>
internal sealed partial class StorageBuilder : IAsyncDisposable
{
    private readonly TestDirectory _directory = new();
    private bool _stopped;

    public StorageBuilder(Action<SqliteStorageOptions>? configure = null, TimeSpan? scrubTimeout = null)
    {
        var options = new SqliteStorageOptions { BusyTimeout = TimeSpan.FromMilliseconds(50), ReaderThreads = 1 };
        configure?.Invoke(options);
        Settings = Options.Create(new InferenceOptions { DataDirectory = _directory.Path });
        Database = new InferenceDatabase(Settings);
        Writer = new SqliteWriter(Database, Options.Create(options), Time, FakeMeterFactory.Instruments, NullLogger<SqliteWriter>.Instance);
        Readers = new SqliteReaders(Options.Create(options), Time);
        Sql = new SqliteDatabase(Writer, Readers, Database, Metrics.Instruments, TimeProvider.System) { ScrubTimeout = scrubTimeout ?? Gate.Patience };
        Outbox = new SqlOutbox(Sql, Signal, Time);
        Log = new SqlPredictionLog(Sql, new SqliteRecordWriter(Writer, Signal));
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 4, 1, 12, 0, 0, TimeSpan.Zero));

    public IOptions<InferenceOptions> Settings { get; }

    public RecordedMetrics Metrics { get; } = new();

    public InferenceDatabase Database { get; }

    public SqliteWriter Writer { get; }

    public SqliteReaders Readers { get; }

    public OutboxSignal Signal { get; } = new();

    public SqlOutbox Outbox { get; }

    public SqliteDatabase Sql { get; }

    public SqlPredictionLog Log { get; }

    public string PathOf(string file) => _directory.PathOf(file);

    public async Task<StorageBuilder> StartAsync()
    {
        await Writer.StartingAsync(CancellationToken.None);
        return this;
    }

    public Task StopAsync()
    {
        _stopped = true;
        return Writer.StoppedAsync(CancellationToken.None);
    }

    public PredictionRecord Record(string user, long sequence, params OutboxMessage[] messages) => new()
    {
        Id = Guid.CreateVersion7(),
        User = user,
        Sequence = sequence,
        Model = "fraud",
        Version = 2,
        CreatedAt = Time.GetUtcNow(),
        Schema = FeatureSchema.Of(["request.amount"]),
        Body = [1, 2, 3],
        Messages = messages,
    };

    /// <summary>A record whose body can be read back.</summary>
    public PredictionRecord Readable(string user, long sequence)
    {
        var record = Record(user, sequence);
        return record with { Body = [1, .. BitConverter.GetBytes(record.Schema.Id), 0, .. BitConverter.GetBytes(0.5), 0, 0] };
    }

    public static OutboxMessage Message(string id, string target = "fraud-desk") => new(id, "alert", target, [(byte)'{', (byte)'}']);

    public Task<AppendOutcome> AppendAsync(PredictionRecord record) => Log.AppendAsync(record, CancellationToken.None);

    /// <summary>Asks the database over a connection of its own.</summary>
    public T Scalar<T>(string sql)
    {
        using var connection = Open();
        return Scalar<T>(connection, sql);
    }

    /// <summary>A connection that holds the write lock until it is disposed.</summary>
    public SqliteConnection Lock()
    {
        var connection = Open();
        _ = Scalar<object?>(connection, "BEGIN EXCLUSIVE");
        return connection;
    }

    /// <summary>A connection that sees the database as it is now until it is disposed.</summary>
    public SqliteConnection Read()
    {
        var connection = Open();
        _ = Scalar<object?>(connection, "BEGIN");
        _ = Scalar<long>(connection, "SELECT count(*) FROM predictions");
        return connection;
    }

    public void Execute(string sql) => Scalar<object?>(sql);

    /// <summary>The steps of a statement's plan.</summary>
    public string[] Explain(string sql)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"EXPLAIN QUERY PLAN {sql}";
        foreach (var name in ParameterName().Matches(sql).Select(match => match.Value).Distinct()) command.Parameters.AddWithValue(name, 1);
        using var reader = command.ExecuteReader();
        var steps = new List<string>();
        while (reader.Read()) steps.Add(reader.GetString(3));
        return [.. steps];
    }

    public async ValueTask DisposeAsync()
    {
        if (!_stopped) await StopAsync();
        Readers.Dispose();
        Metrics.Dispose();
        _directory.Dispose();
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(Database.ConnectionString);
        connection.Open();
        return connection;
    }

    private static T Scalar<T>(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (T)command.ExecuteScalar()!;
    }

    [GeneratedRegex("@[a-z0-9_]+")]
    private static partial Regex ParameterName();
}
