using Microsoft.Extensions.DependencyInjection;
using OrleansInference.Grains.Models;

namespace Microsoft.Extensions.Hosting;

/// <summary>Starts a host that has a silo, or a client of silos.</summary>
public static class InferenceSiloHostExtensions
{
    /// <summary>Starts the host and waits until the models of the start are loaded and warm; it answers that it lives meanwhile.</summary>
    /// <exception cref="OrleansInference.Grains.InferenceStartupException">The program cannot start as configured. The host is stopped.</exception>
    public static async Task StartInferenceAsync(this IHost host, CancellationToken cancellationToken = default)
    {
        var stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        await host.StartAsync(cancellationToken);
        try
        {
            // A client has no models of its own.
            if (host.Services.GetService<IInferenceStartup>() is { } startup) await startup.Completion.WaitAsync(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Asked to stop before it was ready, which is no fault.
        }
        catch
        {
            await host.StopAsync(CancellationToken.None);
            throw;
        }
    }
}
