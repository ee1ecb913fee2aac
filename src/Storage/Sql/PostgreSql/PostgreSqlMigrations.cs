using DbUp;
using DbUp.Engine.Output;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using OrleansInference.Grains;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Storage.Sql.PostgreSql;

/// <summary>Brings the schema up to this program's. Safe when several processes start together: one at a time, by an advisory lock.</summary>
internal sealed partial class PostgreSqlMigrations(IOptions<PostgreSqlOptions> options, TimeProvider time, ILogger<PostgreSqlMigrations> logger)
{
    /// <summary>Where the scripts are in this assembly.</summary>
    public const string Scripts = "OrleansInference.Storage.Sql.PostgreSql.Migrations.";

    /// <summary>"inference" as a number that nobody else locks by chance.</summary>
    public const long Lock = 0x696E666572656E63;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits for the database and for other processes' migrations, then runs what is missing.</summary>
    /// <exception cref="InferenceStartupException">The database did not answer in time, or refused.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(PostgreSqlDatabase.Complete(options.Value));
        var startedAt = time.GetTimestamp();
        while (true)
        {
            try
            {
                await using var connection = await source.OpenConnectionAsync(cancellationToken);
                await LockAsync(connection, startedAt, cancellationToken);

                // The lock is the session's: it ends with the connection, also when this process is killed.
                await Task.Run(Migrate, cancellationToken);
                return;
            }
            catch (Exception e) when (IsWorthAWait(e) && Left(startedAt) > TimeSpan.Zero)
            {
                LogWaiting(PostgreSqlFaults.Reason(e));
                await Task.Delay(Pause, time, cancellationToken);
            }
            catch (Exception e) when (PostgreSqlFaults.IsUnavailable(e))
            {
                throw new InferenceStartupException(
                    $"PostgreSQL cannot be used: {PostgreSqlFaults.Reason(e)}. Start it, or correct Inference:PostgreSql:ConnectionString (Inference:PostgreSql:MigrationTimeout = {options.Value.MigrationTimeout}).");
            }
        }
    }

    // A database that starts up, or is not there yet; a wrong password stays wrong.
    private static bool IsWorthAWait(Exception failure) =>
        PostgreSqlFaults.IsUnavailable(failure) && failure is not PostgresException { SqlState: not (PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown) };

    private async Task LockAsync(NpgsqlConnection connection, long startedAt, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT pg_try_advisory_lock(@lock)", connection);
        command.Parameters.AddWithValue("lock", Lock);
        while (await command.ExecuteScalarAsync(cancellationToken) is not true)
        {
            if (Left(startedAt) <= TimeSpan.Zero)
                throw new InferenceStartupException($"Another process has been migrating the database for longer than Inference:PostgreSql:MigrationTimeout = {options.Value.MigrationTimeout}. Wait for it, or raise the setting.");
            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private void Migrate()
    {
        var result = DeployChanges.To
            .PostgresqlDatabase(PostgreSqlDatabase.Complete(options.Value))
            .WithScriptsEmbeddedInAssembly(typeof(PostgreSqlMigrations).Assembly, script => script.StartsWith(Scripts, StringComparison.Ordinal))
            .WithTransactionPerScript()
            .WithVariablesDisabled()
            // An index over a large log takes as long as it takes.
            .WithExecutionTimeout(TimeSpan.Zero)
            .LogTo(new NoOpUpgradeLog())
            .Build()
            .PerformUpgrade();
        if (!result.Successful)
            throw new InferenceStartupException($"The database cannot be brought up to date: {result.Error.Message} Its user must be allowed to create tables.");
    }

    private TimeSpan Left(long startedAt) => options.Value.MigrationTimeout - time.GetElapsedTime(startedAt);

    [LoggerMessage(EventIds.DatabaseAwaited, LogLevel.Information, "Waiting for PostgreSQL: {Reason}")]
    private partial void LogWaiting(string reason);
}
