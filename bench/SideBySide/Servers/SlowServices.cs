namespace OrleansInference.SideBySide.Servers;

/// <summary>The tutorial's database, which takes 50 ms, and its external service, which takes 100 ms; they wait and compute nothing.</summary>
internal sealed class SlowServices : IAsyncDisposable
{
    public static readonly TimeSpan Database = TimeSpan.FromMilliseconds(50);
    public static readonly TimeSpan Service = TimeSpan.FromMilliseconds(100);

    private readonly WebApplication _app;

    private SlowServices(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.Single());

    public static async Task<SlowServices> StartAsync()
    {
        // The host watches its folder and all below: not the contenders' databases.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/database", async (CancellationToken cancellationToken) =>
        {
            await Task.Delay(Database, cancellationToken);
            return new { value = 1.5 };
        });
        app.MapGet("/info", async (string raw_feature, CancellationToken cancellationToken) =>
        {
            await Task.Delay(Service, cancellationToken);
            return new { info = $"about {raw_feature}" };
        });
        await app.StartAsync();
        return new SlowServices(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
