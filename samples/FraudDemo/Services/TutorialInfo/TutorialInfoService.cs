namespace FraudDemo;

/// <summary>The tutorial's external service: waits 100 ms and answers with an info text.</summary>
public sealed class TutorialInfoService : IDemoService
{
    /// <summary>The tutorial's simulated wait.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(100);

    private readonly LoopbackHost _host;

    private TutorialInfoService(LoopbackHost host) => _host = host;

    /// <inheritdoc/>
    public Uri Address => _host.Address;

    /// <inheritdoc/>
    public long Requests => _host.Requests;

    /// <summary>Starts <c>GET /info?raw_feature=x</c> on a loopback address.</summary>
    public static async Task<TutorialInfoService> StartAsync(
        string url = "http://127.0.0.1:0", CancellationToken cancellationToken = default)
        => new(await LoopbackHost.StartAsync(url, Map, cancellationToken));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static void Map(IEndpointRouteBuilder endpoints)
        => endpoints.MapGet("/info", (HttpRequest request)
            => GetInfoAsync(request.Query["raw_feature"], request.HttpContext.RequestAborted));

    private static async Task<IResult> GetInfoAsync(string? rawFeature, CancellationToken cancellationToken)
    {
        if (rawFeature is null) return Problems.BadField("raw_feature", rawFeature, "a text");
        await Task.Delay(Wait, cancellationToken);
        return Results.Json(new { info = $"Info for {rawFeature}" });
    }
}
