namespace FraudDemo;

/// <summary>The other end of alerts and workflow triggers: keeps what is posted and shows it.</summary>
public sealed class WebhookReceiver : IDemoService
{
    private static readonly byte[] Page = ReadPage();

    private readonly LoopbackHost _host;

    private WebhookReceiver(LoopbackHost host, ReceivedWebhooks received) => (_host, Received) = (host, received);

    /// <inheritdoc/>
    public Uri Address => _host.Address;

    /// <inheritdoc/>
    public long Requests => _host.Requests;

    /// <summary>What came: the same as <c>GET /received</c>.</summary>
    public ReceivedWebhooks Received { get; }

    /// <summary>Starts <c>POST /{target}</c>, <c>GET /received</c> and a page at <c>/</c>.</summary>
    public static async Task<WebhookReceiver> StartAsync(
        string url = "http://127.0.0.1:0", CancellationToken cancellationToken = default)
    {
        var received = new ReceivedWebhooks();
        return new(await LoopbackHost.StartAsync(url, endpoints => Map(endpoints, received), cancellationToken), received);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static void Map(IEndpointRouteBuilder endpoints, ReceivedWebhooks received)
    {
        endpoints.MapPost("/{target}", (string target, HttpRequest request) => ReceiveAsync(target, request, received));
        endpoints.MapGet("/received", (HttpRequest request)
            => Results.Json(received.Find(request.Query["target"], request.Query["prediction_id"])));
        endpoints.MapGet("/", () => Results.Bytes(Page, "text/html; charset=utf-8"));
    }

    private static async Task<IResult> ReceiveAsync(string target, HttpRequest request, ReceivedWebhooks received)
    {
        try
        {
            var body = await WebhookBody.ReadAsync(request.Body, request.HttpContext.RequestAborted);
            if (body is null) return Results.Problem("The body is not JSON.", statusCode: StatusCodes.Status400BadRequest);

            string? key = request.Headers["Idempotency-Key"];
            received.Add(new(target, TimeProvider.System.GetUtcNow().UtcDateTime, key, body.Value));
            return Results.Accepted();
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return Results.Problem($"The body is longer than {LoopbackHost.MaxBodyBytes} bytes.", statusCode: exception.StatusCode);
        }
    }

    private static byte[] ReadPage()
    {
        using var resource = typeof(WebhookReceiver).Assembly.GetManifestResourceStream("received.html")!;
        using var page = new MemoryStream();
        resource.CopyTo(page);
        return page.ToArray();
    }
}
