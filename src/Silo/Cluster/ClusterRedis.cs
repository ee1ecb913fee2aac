using OrleansInference.Grains;
using StackExchange.Redis;

namespace OrleansInference.Silo.Cluster;

/// <summary>The connection to the list of silos. Once it stands it comes back by itself, however long Redis is away.</summary>
internal static class ClusterRedis
{
    private const string Setting = "Inference:Cluster:Redis";

    private const int ReconnectMilliseconds = 500;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <exception cref="InferenceStartupException">The setting cannot be read.</exception>
    public static ConfigurationOptions Parse(InferenceClusterOptions options)
    {
        try
        {
            var parsed = ConfigurationOptions.Parse(options.Redis);
            if (parsed.EndPoints.Count == 0) throw new ArgumentException("it names no host");
            parsed.AbortOnConnectFail = false;
            // By default the tries come ever more seldom, and silos that die meanwhile are only declared dead when Redis can be told.
            parsed.ReconnectRetryPolicy = new LinearRetry(ReconnectMilliseconds);
            return parsed;
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            // The reason may quote what was written, and that may be a password.
            throw new InferenceStartupException($"{Setting} cannot be read. Set it in the form host:6379,password=…,ssl=true.");
        }
    }

    /// <summary>Waits until Redis answers.</summary>
    /// <exception cref="InferenceStartupException">It did not within StartTimeout.</exception>
    public static async Task<IConnectionMultiplexer> ConnectAsync(InferenceClusterOptions options, TimeProvider time)
    {
        var startedAt = time.GetTimestamp();
        var settings = Parse(options);
        var connection = await ConnectionMultiplexer.ConnectAsync(settings);
        var reason = "it does not answer";
        connection.ConnectionFailed += (_, failure) => reason = failure.FailureType.ToString();
        while (!connection.IsConnected)
        {
            if (time.GetElapsedTime(startedAt) >= options.StartTimeout)
            {
                await connection.DisposeAsync();
                throw new InferenceStartupException(
                    $"Redis at {string.Join(", ", settings.EndPoints)} cannot be used: {reason}. Start it, or correct {Setting} (Inference:Cluster:StartTimeout = {options.StartTimeout}).");
            }

            await Task.Delay(Pause, time);
        }

        return connection;
    }
}
