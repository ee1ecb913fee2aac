using System.Diagnostics.Metrics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansInference.Grains;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Storage.Sql;

namespace UnitTests.Storage;

/// <summary>The embedded storage over a real file of one test.</summary>
internal sealed class StorageFixture : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("inference-storage-").FullName;

    public StorageFixture(SqliteStorageOptions? options = null)
    {
        var settings = Options.Create(options ?? new SqliteStorageOptions());
        Database = new InferenceDatabase(Options.Create(new InferenceOptions { DataDirectory = _directory }));
        Readers = new SqliteReaders(settings, TimeProvider.System);
        Writer = new SqliteWriter(Database, settings, TimeProvider.System, new InferenceInstruments(new NoMeters()), NullLogger<SqliteWriter>.Instance);
        Outbox = new SqliteOutbox(Writer, Readers, Database, TimeProvider.System);
        Log = new SqlitePredictionLog(Writer, Readers, Database, Outbox);
        Features = new SqliteFeatureDatabase(Readers, Options.Create(new InferenceOptions { DataDirectory = _directory }));
    }

    public InferenceDatabase Database { get; }

    public SqliteReaders Readers { get; }

    public SqliteWriter Writer { get; }

    public SqliteOutbox Outbox { get; }

    public SqlitePredictionLog Log { get; }

    public SqliteFeatureDatabase Features { get; }

    public static async Task<StorageFixture> StartAsync(SqliteStorageOptions? options = null)
    {
        var fixture = new StorageFixture(options);
        await fixture.Writer.StartingAsync(TestContext.Current.CancellationToken);
        return fixture;
    }

    public static PredictionRecord Record(string user, long sequence, params OutboxMessage[] messages) => new()
    {
        Id = Guid.CreateVersion7(),
        User = user,
        Sequence = sequence,
        Model = "fraud",
        Version = 1,
        CreatedAt = DateTimeOffset.UtcNow,
        Schema = FeatureSchema.Of(["request.amount"]),
        Body = [1, 2, 3],
        Messages = messages,
    };

    public static OutboxMessage Message(string id, string target = "desk") => new(id, "alert", target, "{}"u8.ToArray());

    /// <summary>Makes the record durable, or says why not.</summary>
    public Task<bool> AppendAsync(PredictionRecord record) => Log.AppendAsync(record, TestContext.Current.CancellationToken);

    /// <summary>A connection beside the program's, as another process would have.</summary>
    public SqliteConnection OpenBeside()
    {
        var connection = new SqliteConnection(Database.ConnectionString);
        connection.Open();
        return connection;
    }

    public List<object> Read(string sql)
    {
        using var connection = OpenBeside();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var rows = command.ExecuteReader();
        var values = new List<object>();
        while (rows.Read()) values.Add(rows.GetValue(0));
        return values;
    }

    public async ValueTask DisposeAsync()
    {
        await Writer.StoppedAsync(CancellationToken.None);
        Readers.Dispose();
        Outbox.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private sealed class NoMeters : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
        }
    }
}
