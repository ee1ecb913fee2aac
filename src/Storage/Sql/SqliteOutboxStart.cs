using Microsoft.Extensions.Hosting;

namespace OrleansInference.Storage.Sql;

/// <summary>Gives back the leases of the process that had the embedded database before: it is gone, or this one could not have it.</summary>
internal sealed class SqliteOutboxStart(SqlOutbox outbox) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => outbox.ReleaseAllAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
