using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains.PostProcessing;
using UnitTests.Fakes;

namespace UnitTests.Grains.PostProcessing;

public sealed class OutboxDispatcherTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeOutbox _outbox = new();
    private readonly FakeHttpClientFactory _clients = new();
    private readonly OutboxOptions _options = new();
    private readonly OutboxDispatcher _dispatcher;

    public OutboxDispatcherTests()
    {
        var targets = new WebhookTargets(new Dictionary<string, WebhookOptions> { ["desk"] = new() { Url = "http://desk/alerts" } });
        _dispatcher = new OutboxDispatcher(
            _outbox, targets, _clients, Options.Create(_options), _time, FakeMeterFactory.Instruments, NullLogger<OutboxDispatcher>.Instance);
    }

    public async ValueTask InitializeAsync() => await _dispatcher.StartAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _dispatcher.StopAsync(CancellationToken.None);
        _dispatcher.Dispose();
    }

    [Fact]
    public async Task ExecuteAsync_ReceiverTakesIt_IsDelivered()
    {
        _outbox.Add(Message("a"));

        Assert.Equal(new Mark("a", Delivered: true, null, null), await _outbox.NextMarkAsync());
    }

    [Fact]
    public async Task ExecuteAsync_Message_IsPostedAsACloudEventWithItsKey()
    {
        _outbox.Add(Message("a"));
        await _outbox.NextMarkAsync();

        var sent = Assert.Single(_clients.Sent);
        Assert.Equal("http://desk/alerts", sent.Address);
        Assert.Equal("application/cloudevents+json; charset=utf-8", sent.ContentType);
        Assert.Equal("a", sent.Headers["Idempotency-Key"]);
        Assert.Equal("""{"id":"a"}""", Encoding.UTF8.GetString(sent.Body!));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(4, 16)]
    [InlineData(5, 30)]
    [InlineData(1000, 30)]
    public async Task ExecuteAsync_ReceiverFails_BacksOffExponentiallyToTheMaximum(int attempts, int seconds)
    {
        _options.MaxAttempts = 10_000;
        _options.MaxRetryDelay = TimeSpan.FromSeconds(30);
        _clients.Answer = (_, _) => FakeHttpClientFactory.Respond(HttpStatusCode.ServiceUnavailable);

        _outbox.Add(Message("a", attempts));

        Assert.Equal(_time.GetUtcNow().AddSeconds(seconds), (await _outbox.NextMarkAsync()).NextAttemptAt);
    }

    [Fact]
    public async Task ExecuteAsync_LongestDelaysAndManyAttempts_DoNotOverflow()
    {
        (_options.MaxAttempts, _options.RetryDelay, _options.MaxRetryDelay) = (10_000, TimeSpan.FromHours(1), TimeSpan.FromDays(1));
        _clients.Answer = (_, _) => FakeHttpClientFactory.Respond(HttpStatusCode.ServiceUnavailable);

        _outbox.Add(Message("a", attempts: 100));

        Assert.Equal(_time.GetUtcNow().AddDays(1), (await _outbox.NextMarkAsync()).NextAttemptAt);
    }

    [Fact]
    public async Task ExecuteAsync_ReceiverFails_KeepsTheReason()
    {
        _clients.Answer = (_, _) => throw new HttpRequestException("connection refused");

        _outbox.Add(Message("a"));

        Assert.Equal("connection refused", (await _outbox.NextMarkAsync()).Reason);
    }

    [Fact]
    public async Task ExecuteAsync_LastAttemptFails_IsADeadLetter()
    {
        _options.MaxAttempts = 3;
        _clients.Answer = (_, _) => throw new HttpRequestException("connection refused");

        _outbox.Add(Message("a", attempts: 2));

        Assert.Equal(new Mark("a", Delivered: false, "connection refused", NextAttemptAt: null), await _outbox.NextMarkAsync());
    }

    [Fact]
    public async Task ExecuteAsync_TargetRemoved_NamesTheSetting()
    {
        _outbox.Add(Message("a") with { Message = new OutboxMessage("a", "alert", "gone", []) });

        Assert.Equal("Inference:Webhooks:gone is no longer configured", (await _outbox.NextMarkAsync()).Reason);
        Assert.Empty(_clients.Sent);
    }

    [Fact]
    public async Task ExecuteAsync_ReceiverDoesNotAnswer_FailsAfterTheTimeout()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _clients.Answer = (_, cancellationToken) =>
        {
            reached.SetResult();
            return FakeHttpClientFactory.NeverRespond(cancellationToken);
        };
        _outbox.Add(Message("a"));
        await reached.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        _time.Advance(_options.Timeout);

        Assert.False((await _outbox.NextMarkAsync()).Delivered);
    }

    [Fact]
    public async Task ExecuteAsync_OneOfTwoFails_TheOtherIsDelivered()
    {
        _clients.Answer = (request, _) => FakeHttpClientFactory.Respond(
            request.Headers.GetValues("Idempotency-Key").Contains("bad") ? HttpStatusCode.BadRequest : HttpStatusCode.OK);

        _outbox.Add(Message("bad"), Message("good"));

        Mark[] marks = [await _outbox.NextMarkAsync(), await _outbox.NextMarkAsync()];
        Assert.Equal([("bad", false), ("good", true)], marks.Select(mark => (mark.Id, mark.Delivered)).Order());
    }

    [Fact]
    public async Task ExecuteAsync_ReadsNoMoreThanItMaySendAtOnce()
    {
        _outbox.Add(Message("a"));
        await _outbox.NextMarkAsync();

        Assert.Equal(_options.MaxConcurrency, _outbox.AskedFor);
    }

    [Fact]
    public async Task ExecuteAsync_OutboxUnreadable_LooksAgainAfterTheRetryDelay()
    {
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _outbox.OnRead = () =>
        {
            _outbox.OnRead = () => Task.CompletedTask;
            failed.SetResult();
            throw new InferenceException(InferenceErrorCode.StorageUnavailable, "locked");
        };
        _outbox.Add(Message("a"));
        await failed.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        Assert.True((await AdvanceUntilMarkedAsync()).Delivered);
    }

    [Fact]
    public async Task ExecuteAsync_MarkFails_SendsAgainWithTheSameKey()
    {
        _outbox.FailMarks(1);
        _outbox.Add(Message("a"));

        await AdvanceUntilMarkedAsync();

        Assert.Equal(["a", "a"], _clients.Sent.Select(sent => sent.Headers["Idempotency-Key"]));
    }

    [Fact]
    public async Task StopAsync_MessageUnderWay_LeavesItWaiting()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _clients.Answer = (_, cancellationToken) =>
        {
            reached.SetResult();
            return FakeHttpClientFactory.NeverRespond(cancellationToken);
        };
        _outbox.Add(Message("a"));
        await reached.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        await _dispatcher.StopAsync(CancellationToken.None).WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        Assert.Equal((true, false), (_dispatcher.ExecuteTask!.IsCompleted, _dispatcher.ExecuteTask.IsFaulted));
        Assert.Equal("a", Assert.Single(await _outbox.ReadDueAsync(1, CancellationToken.None)).Message.Id);
    }

    [Fact]
    public async Task StopAsync_NothingToDo_EndsTheLoop()
    {
        await _dispatcher.StopAsync(CancellationToken.None).WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        Assert.Equal((true, false), (_dispatcher.ExecuteTask!.IsCompleted, _dispatcher.ExecuteTask.IsFaulted));
    }

    // The dispatcher starts its wait at a moment that the test does not see, so time moves until it has passed.
    private async Task<Mark> AdvanceUntilMarkedAsync()
    {
        var mark = _outbox.NextMarkAsync();
        while (!mark.IsCompleted)
        {
            _time.Advance(_options.RetryDelay);
            await Task.Yield();
        }

        return await mark;
    }

    private static WaitingMessage Message(string id, int attempts = 0) =>
        new(id[0], new OutboxMessage(id, "alert", "desk", Encoding.UTF8.GetBytes($$"""{"id":"{{id}}"}""")), attempts);
}
