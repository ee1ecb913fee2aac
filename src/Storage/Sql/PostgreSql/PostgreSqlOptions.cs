using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Storage.Sql.PostgreSql;

/// <summary>How prediction log and outbox use PostgreSQL. Section <c>Inference:PostgreSql</c>.</summary>
public sealed class PostgreSqlOptions
{
    /// <summary>Where the database is, in Npgsql's form: <c>Host=…;Database=…;Username=…;Password=…</c>. Never logged.</summary>
    [Required(ErrorMessage = "Inference:PostgreSql:ConnectionString is not set. Set it, since Inference:Storage:Provider is PostgreSql: Host=…;Database=…;Username=…;Password=….")]
    public string ConnectionString { get; set; } = "";

    /// <summary>Longest wait for a connection. Default: 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Longest wait for the answer to a statement. Default: 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait at the start for the database to answer and for other processes to finish the migrations. Default: 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan MigrationTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Most records that may wait for a commit; further ones answer 503. Default: 10,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxWaitingWrites { get; set; } = 10_000;

    /// <summary>Most records in one commit. Default: 512.</summary>
    [Range(1, 10_000)]
    public int MaxCommitSize { get; set; } = 512;
}
