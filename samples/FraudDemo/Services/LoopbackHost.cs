namespace FraudDemo;

/// <summary>What the demo services share: a minimal Kestrel on loopback that lives inside any process without touching it.</summary>
/// <remarks>
/// It starts from an empty builder: no configuration files, no environment variables, no handler of Ctrl-C, logs from Warning.
/// Requests must name this machine as their host, so that a web page cannot reach the service under a name of its own.
/// </remarks>
internal sealed class LoopbackHost : IAsyncDisposable
{
    /// <summary>The largest request body; a longer one is answered 413.</summary>
    public const int MaxBodyBytes = 64 * 1024;

    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(1);

    private readonly WebApplication _application;
    private long _requests;

    private LoopbackHost(WebApplication application) => _application = application;

    public Uri Address => new(_application.Urls.Single());

    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Starts listening. A host that fails to start leaves nothing behind.</summary>
    /// <exception cref="ArgumentException">The address is not of this machine.</exception>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<LoopbackHost> StartAsync(string url, Action<IEndpointRouteBuilder> map, CancellationToken cancellationToken)
    {
        var host = new LoopbackHost(Build(url));
        host._application.Use(host.CountAsync);
        host._application.UseHostFiltering();
        map(host._application);
        try
        {
            await host._application.StartAsync(cancellationToken);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops listening at once and gives running requests a second.</summary>
    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
    }

    private static WebApplication Build(string url)
    {
        var endpoint = LoopbackUrl.Parse(url);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            kestrel.Listen(endpoint);
        });
        builder.Logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None); // What it says is thrown too.
        builder.Services.AddRouting();
        builder.Services.AddHostFiltering(options => options.AllowedHosts = ["localhost", "[::1]", endpoint.Address.ToString()]);
        builder.Services.AddSingleton<IHostLifetime, NoHostLifetime>();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        return builder.Build();
    }

    private Task CountAsync(HttpContext context, RequestDelegate next)
    {
        Interlocked.Increment(ref _requests);
        return next(context);
    }

    /// <summary>Leaves Ctrl-C and SIGTERM to the process that embeds the service.</summary>
    private sealed class NoHostLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
