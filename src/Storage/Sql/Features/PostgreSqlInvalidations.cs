using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;

namespace OrleansInference.Storage.Sql.Features;

/// <summary>Listens to PostgreSQL for users whose rows have changed; their cached values are read again before they are used.</summary>
/// <remarks>
/// One connection for each database. What was said while it was gone is lost, so every value is stale once it is back: first it
/// listens, then it marks, so that nothing falls between.
/// </remarks>
internal sealed partial class PostgreSqlInvalidations(FeatureSources sources, TimeProvider time, ILogger<PostgreSqlInvalidations> logger) : BackgroundService
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(sources.Of<FeatureView>()
        .Where(view => view.Options.InvalidationChannel is not null)
        .GroupBy(view => view.Options.ConnectionString, StringComparer.Ordinal)
        .Select(views => ListenAsync([.. views], stoppingToken)));

    private async Task ListenAsync(FeatureView[] views, CancellationToken stoppingToken)
    {
        for (var failures = 0; !stoppingToken.IsCancellationRequested; failures++)
        {
            try
            {
                await ListenOnceAsync(views, () => failures = 0, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogLost(e, Names(views));
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(Pause(failures), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ListenOnceAsync(FeatureView[] views, Action listening, CancellationToken stoppingToken)
    {
        await using var connection = new NpgsqlConnection(Complete(views[0]));
        await connection.OpenAsync(stoppingToken);
        connection.Notification += (_, notification) => Mark(views, notification.Channel, notification.Payload);
        foreach (var channel in views.Select(view => view.Options.InvalidationChannel!).Distinct(StringComparer.Ordinal))
        {
            await using var command = new NpgsqlCommand($"LISTEN \"{channel.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", connection);
            await command.ExecuteNonQueryAsync(stoppingToken);
        }

        foreach (var view in views) view.MarkAllChanged();
        listening();
        LogListening(Names(views));
        while (true) await connection.WaitAsync(stoppingToken);
    }

    private static void Mark(FeatureView[] views, string channel, string userId)
    {
        foreach (var view in views.Where(view => view.Options.InvalidationChannel == channel))
        {
            if (userId.Length == 0) view.MarkAllChanged();
            else view.MarkChanged(userId);
        }
    }

    // Without a pool, which would hand the connection on; and looked after, since a listener would not notice a dead one.
    private static string Complete(FeatureView view) => new NpgsqlConnectionStringBuilder(PostgreSqlFeatureSources.Complete(view.Options.ConnectionString, view.Name))
    {
        Pooling = false,
        KeepAlive = 10,
        CommandTimeout = 10,
    }.ConnectionString;

    private static TimeSpan Pause(int failures)
    {
        var pause = ShortestPause * Math.Pow(2, Math.Min(failures, 10));
        return pause < LongestPause ? pause : LongestPause;
    }

    private static string Names(FeatureView[] views) => string.Join(", ", views.Select(view => view.Name));

    [LoggerMessage(EventIds.InvalidationsListening, LogLevel.Information, "Listening for changed rows of {ViewNames}; what is cached of them is read again")]
    private partial void LogListening(string viewNames);

    [LoggerMessage(EventIds.InvalidationsLost, LogLevel.Warning, "No word of changed rows of {ViewNames} until the connection is back")]
    private partial void LogLost(Exception cause, string viewNames);
}
