using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Storage.Sql;

/// <summary>How SQLite is used. Section <c>Inference:Sqlite</c>.</summary>
public sealed class SqliteStorageOptions
{
    /// <summary>
    /// How long a commit waits for a lock that another process holds, before its predictions answer 503. Default: 300 ms, so that
    /// the answer comes within a deadline of 1 s also for a request that waited behind another commit.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Threads that read for feature views, each with connections of its own. Default: 4.</summary>
    [Range(1, 64)]
    public int ReaderThreads { get; set; } = 4;

    /// <summary>Threads that read the log, the outbox and grain state. Default: 2.</summary>
    [Range(1, 64)]
    public int LogReaderThreads { get; set; } = 2;

    /// <summary>Most reads that may wait for a thread; further ones answer 503. Default: 10,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxWaitingReads { get; set; } = 10_000;

    /// <summary>Most writes that may wait for a commit; further ones answer 503. Default: 10,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxWaitingWrites { get; set; } = 10_000;

    /// <summary>Most writes in one commit: more would make the first of them wait long for little gain. Default: 512.</summary>
    [Range(1, 10_000)]
    public int MaxCommitSize { get; set; } = 512;

    /// <summary>
    /// Pages of 4 KiB in the write-ahead log before they are copied into the database, beside the commits. Every user has pages of their own,
    /// which many commits change before they need to be in the file; the log is read when the program starts after a crash. Default: 16,384, which is 64 MiB.
    /// </summary>
    [Range(16, 1_000_000)]
    public int CheckpointPages { get; set; } = 16_384;
}
