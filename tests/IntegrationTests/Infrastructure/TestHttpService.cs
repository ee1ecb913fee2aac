using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace IntegrationTests.Infrastructure;

/// <summary>A real HTTP service on a loopback socket that answers what its test says.</summary>
internal sealed class TestHttpService : IAsyncDisposable
{
    private readonly WebApplication _app;
    private long _requests;

    private TestHttpService(WebApplication app) => _app = app;

    public string Address => _app.Urls.First();

    public long Requests => Interlocked.Read(ref _requests);

    public static async Task<TestHttpService> StartAsync(RequestDelegate answer, int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var service = new TestHttpService(builder.Build());
        service._app.Run(context =>
        {
            Interlocked.Increment(ref service._requests);
            return answer(context);
        });
        await service._app.StartAsync();
        return service;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}

/// <summary>A webhook's receiving end: a test waits for the message of its prediction.</summary>
internal sealed class TestReceiver : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<(string Target, Guid Prediction), TaskCompletionSource<JsonElement>> _messages = new();
    private TestHttpService? _service;

    public string Address => _service!.Address;

    public static async Task<TestReceiver> StartAsync()
    {
        var receiver = new TestReceiver();
        receiver._service = await TestHttpService.StartAsync(receiver.TakeAsync);
        return receiver;
    }

    /// <summary>The message that came to <paramref name="target"/> for a prediction, whether it came before the call or comes later.</summary>
    public Task<JsonElement> WaitForAsync(string target, Guid prediction) => Message(target, prediction).Task.WaitAsync(Patience);

    public async ValueTask DisposeAsync()
    {
        if (_service is not null) await _service.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext context)
    {
        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        var prediction = body.RootElement.GetProperty("data").GetProperty("prediction_id").GetGuid();
        Message(context.Request.Path.Value!.TrimStart('/'), prediction).TrySetResult(body.RootElement.Clone());
    }

    private TaskCompletionSource<JsonElement> Message(string target, Guid prediction) =>
        _messages.GetOrAdd((target, prediction), _ => new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously));
}
