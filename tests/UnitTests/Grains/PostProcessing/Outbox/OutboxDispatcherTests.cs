using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains.PostProcessing.Outbox;
using UnitTests.Fakes;

namespace UnitTests.Grains.PostProcessing.Outbox;

public sealed class OutboxDispatcherTests : IAsyncLifetime
{
    private const string Attempts = "inference.outbox.attempts";

    private readonly FakeTimeProvider _time = new();
    private readonly OutboxSignal _signal = new();
    private readonly FakeOutbox _outbox;
    private readonly FakeHttpClientFactory _clients = new();
    private readonly OutboxOptions _options = new();
    private readonly RecordedMetrics _metrics = new();
    private readonly OutboxDispatcher _dispatcher;

    public OutboxDispatcherTests()
    {
        _outbox = new FakeOutbox(_time, _signal);
        var targets = new WebhookTargets(new Dictionary<string, WebhookOptions>
        {
            ["desk"] = new() { Url = "http://desk/alerts" },
            ["review"] = new() { Url = "http://review/", Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" },
        });
        _dispatcher = new OutboxDispatcher(
            _outbox, _signal, targets, new WebhookSender(targets, _clients, _time), Options.Create(_options), _time, _metrics.Instruments, NullLogger<OutboxDispatcher>.Instance);
    }

    public async ValueTask InitializeAsync() => await _dispatcher.StartAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _dispatcher.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public async Task Deliver_ReceiverTakesIt_IsDelivered()
    {
        _outbox.Add("a");

        Assert.Equal(new Mark("a", Delivered: true, null, null), await _outbox.NextMarkAsync());
        await _metrics.WaitAsync(Attempts, "outcome", "delivered", 1);
    }

    [Fact]
    public async Task Deliver_Message_IsPostedAsACloudEventWithItsKey()
    {
        _outbox.Add("a");
        await _outbox.NextMarkAsync();

        var sent = Assert.Single(_clients.Sent);
        Assert.Equal("http://desk/alerts", sent.Address);
        Assert.Equal("application/cloudevents+json; charset=utf-8", sent.ContentType);
        Assert.Equal("a", sent.Headers["Idempotency-Key"]);
        Assert.Equal("""{"id":"a"}""", Encoding.UTF8.GetString(sent.Body!));
        Assert.DoesNotContain("webhook-signature", sent.Headers.Keys);
    }

    [Fact]
    public async Task Deliver_TargetHasASecret_IsSigned()
    {
        _outbox.Add("a", target: "review");
        await _outbox.NextMarkAsync();

        var headers = Assert.Single(_clients.Sent).Headers;
        Assert.Equal(("a", "946684800"), (headers["webhook-id"], headers["webhook-timestamp"]));
        Assert.StartsWith("v1,", headers["webhook-signature"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deliver_SentAgain_IsMarkedOutOfOrderUnderItsOldKey()
    {
        _outbox.Add("a", resent: true);
        await _outbox.NextMarkAsync();

        var sent = Assert.Single(_clients.Sent);
        Assert.Equal("a", sent.Headers["Idempotency-Key"]);
        Assert.Equal("""{"outoforder":true,"id":"a"}""", Encoding.UTF8.GetString(sent.Body!));
    }

    [Fact]
    public async Task Deliver_SameUserAndTarget_NextWaitsUntilThisOneIsDelivered()
    {
        var first = new TaskCompletionSource<HttpResponseMessage>();
        _clients.Answer = (request, _) => KeyOf(request) == "first" ? first.Task : FakeHttpClientFactory.Respond(HttpStatusCode.OK);
        _outbox.Add("first");
        _outbox.Add("second");
        _outbox.Add("other user", user: "-!43");

        Assert.Equal("other user", (await _outbox.NextMarkAsync()).Id);
        Assert.DoesNotContain(_clients.Sent, sent => sent.Headers["Idempotency-Key"] == "second");
        first.SetResult(new HttpResponseMessage(HttpStatusCode.OK));

        Assert.Equal(["first", "second"], [(await _outbox.NextMarkAsync()).Id, (await _outbox.NextMarkAsync()).Id]);
    }

    [Fact]
    public async Task Deliver_ManyMessagesOfOneUser_ArriveInOrderWithoutAWait()
    {
        string[] ids = [.. Enumerable.Range(0, 50).Select(i => $"m{i:00}")];
        foreach (var id in ids) _outbox.Add(id);

        foreach (var id in ids) Assert.Equal(id, (await _outbox.NextMarkAsync()).Id);
    }

    [Fact]
    public async Task Deliver_OneTargetNeverAnswers_AnotherIsNotHeldUp()
    {
        _clients.Answer = (request, abandon) => request.RequestUri!.Host == "desk" ? FakeHttpClientFactory.NeverRespond(abandon) : FakeHttpClientFactory.Respond(HttpStatusCode.OK);
        for (var i = 0; i < 3 * _options.MaxConcurrency; i++) _outbox.Add($"desk{i}", user: $"-!{i}");
        for (var i = 0; i < 3 * _options.MaxConcurrency; i++) _outbox.Add($"review{i}", user: $"-!{i}", target: "review");

        for (var i = 0; i < 3 * _options.MaxConcurrency; i++) Assert.StartsWith("review", (await _outbox.NextMarkAsync()).Id, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deliver_OneSlotIsFree_TheNextIsClaimedAtOnce()
    {
        _options.MaxConcurrency = 2;
        _clients.Answer = (request, abandon) => KeyOf(request) == "slow" ? FakeHttpClientFactory.NeverRespond(abandon) : FakeHttpClientFactory.Respond(HttpStatusCode.OK);
        _outbox.Add("slow", user: "-!slow");
        for (var i = 0; i < 10; i++) _outbox.Add($"{i}", user: $"-!{i}");

        for (var i = 0; i < 10; i++) Assert.Equal($"{i}", (await _outbox.NextMarkAsync()).Id);
    }

    [Fact]
    public async Task Claim_MoreWaitThanMayBeSentAtOnce_AsksForTheFreeSlotsOnly()
    {
        _options.MaxConcurrency = 3;
        var (underWay, most) = (0, 0);
        _clients.Answer = async (_, _) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref underWay));
            await Task.Yield();
            Interlocked.Decrement(ref underWay);
            return new HttpResponseMessage(HttpStatusCode.OK);
        };
        for (var i = 0; i < 30; i++) _outbox.Add($"{i}", user: $"-!{i}");
        for (var i = 0; i < 30; i++) await _outbox.NextMarkAsync();

        Assert.InRange(most, 1, 3);
        Assert.True(_outbox.AskedFor is > 0 and <= 16);
    }

    [Fact]
    public async Task Claim_Lease_OutlastsTheTimeout()
    {
        _outbox.Add("a");
        await _outbox.NextMarkAsync();

        Assert.Equal(_options.Timeout + _options.LeaseMargin, _outbox.AskedLease);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(4, 16)]
    [InlineData(5, 30)]
    [InlineData(1000, 30)]
    public async Task Deliver_ReceiverFails_BacksOffExponentiallyToTheMaximum(int attempts, int seconds)
    {
        (_options.MaxAttempts, _options.MaxRetryDelay) = (10_000, TimeSpan.FromSeconds(30));
        _clients.Answer = (_, _) => FakeHttpClientFactory.Respond(HttpStatusCode.InternalServerError);

        _outbox.Add("a", attempts: attempts);

        var mark = await _outbox.NextMarkAsync();
        Assert.InRange(mark.NextAttemptAt!.Value, _time.GetUtcNow().AddSeconds(seconds / 2.0), _time.GetUtcNow().AddSeconds(seconds));
        Assert.Equal("the receiver answered 500", mark.Reason);
        await _metrics.WaitAsync(Attempts, "outcome", "failed", 1);
    }

    [Fact]
    public async Task Deliver_ReceiverFailsOnce_ComesAgainAfterTheDelayUnderTheSameKey()
    {
        _clients.Answer = (_, _) => FakeHttpClientFactory.Respond(_clients.Sent.Count == 1 ? HttpStatusCode.BadGateway : HttpStatusCode.OK);
        _outbox.Add("a");
        await _outbox.NextMarkAsync();

        Assert.True((await AdvanceUntilMarkedAsync()).Delivered);

        Assert.Equal(["a", "a"], _clients.Sent.Select(sent => sent.Headers["Idempotency-Key"]));
    }

    [Theory]
    [InlineData(HttpStatusCode.TooManyRequests, 20, 20)]
    [InlineData(HttpStatusCode.ServiceUnavailable, 20, 20)]
    [InlineData(HttpStatusCode.ServiceUnavailable, 3600, 60)]
    [InlineData(HttpStatusCode.InternalServerError, 20, 1)]
    public async Task Deliver_RetryAfter_IsHonouredUpToTheMaximum(HttpStatusCode status, int asked, int seconds)
    {
        _clients.Answer = (_, _) => Task.FromResult(new HttpResponseMessage(status) { Headers = { RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(asked)) } });

        _outbox.Add("a");

        var delay = (await _outbox.NextMarkAsync()).NextAttemptAt!.Value - _time.GetUtcNow();
        Assert.InRange(delay.TotalSeconds, seconds == 1 ? 0.5 : seconds, seconds);
    }

    [Fact]
    public async Task Deliver_RetryAfterAsADate_IsHonoured()
    {
        _clients.Answer = (_, _) => Task.FromResult(
            new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Headers = { RetryAfter = new RetryConditionHeaderValue(_time.GetUtcNow().AddSeconds(30)) } });

        _outbox.Add("a");

        Assert.Equal(_time.GetUtcNow().AddSeconds(30), (await _outbox.NextMarkAsync()).NextAttemptAt);
    }

    [Theory]
    [InlineData(HttpStatusCode.TooManyRequests, 20, 20)]
    [InlineData(HttpStatusCode.ServiceUnavailable, 3600, 60)]
    public async Task Deliver_ReceiverAsksForAWait_TheTargetsOtherMessagesWaitInTheirOrderAndOtherTargetsDoNot(HttpStatusCode status, int asked, int seconds)
    {
        var (startedAt, sent) = (_time.GetUtcNow(), new ConcurrentQueue<DateTimeOffset>());
        _clients.Answer = (_, _) => Task.FromResult(new HttpResponseMessage(status) { Headers = { RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(asked)) } });
        _outbox.Add("first");
        Assert.False((await _outbox.NextMarkAsync()).Delivered);

        _clients.Answer = (request, _) =>
        {
            if (request.RequestUri!.Host == "desk") sent.Enqueue(_time.GetUtcNow());
            return FakeHttpClientFactory.Respond(HttpStatusCode.OK);
        };
        _outbox.Add("second");
        _outbox.Add("other user", user: "-!43");
        _outbox.Add("other target", target: "review");
        Assert.Equal("other target", (await _outbox.NextMarkAsync()).Id);
        var marks = new List<string>();
        for (var i = 0; i < 3; i++) marks.Add((await AdvanceUntilMarkedAsync()).Id);

        Assert.Equal(["first", "second"], marks.Where(id => id != "other user"));
        Assert.All(sent, at => Assert.InRange(at - startedAt, TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(asked + seconds)));
    }

    [Fact]
    public async Task Deliver_ReceiverFailsWithoutAskingForAWait_OthersGoOut()
    {
        _clients.Answer = (request, _) => FakeHttpClientFactory.Respond(KeyOf(request) == "a" ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK);
        _outbox.Add("a");
        await _outbox.NextMarkAsync();

        _outbox.Add("b", user: "-!43");

        Assert.Equal(new Mark("b", Delivered: true, null, null), await _outbox.NextMarkAsync());
    }

    [Fact]
    public async Task Deliver_ReceiverRedirects_IsAFailureThatNamesTheRemedy()
    {
        _clients.Answer = (_, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.TemporaryRedirect) { Headers = { Location = new Uri("http://elsewhere/") } });

        _outbox.Add("a");

        Assert.Equal("the receiver answered 307; redirects are not followed, so set the webhook's Url to the final address", (await _outbox.NextMarkAsync()).Reason);
        Assert.Single(_clients.Sent);
    }

    [Fact]
    public async Task Deliver_ReceiverCannotBeReached_KeepsTheReason()
    {
        _clients.Answer = (_, _) => throw new HttpRequestException("connection refused");

        _outbox.Add("a");

        Assert.Equal("connection refused", (await _outbox.NextMarkAsync()).Reason);
    }

    // What .NET quotes of an answer that is no HTTP; databases do not take every character of it.
    [Fact]
    public async Task Deliver_ReasonHasControlCharacters_KeepsItWithoutThem()
    {
        _clients.Answer = (_, _) => throw new HttpRequestException("invalid status line: '\0\u0001no\r\nHTTP\u009f\ud800'");

        _outbox.Add("a");

        Assert.Equal("invalid status line: '\ufffd\ufffdno\ufffd\ufffdHTTP\ufffd\ufffd'", (await _outbox.NextMarkAsync()).Reason);
    }

    [Fact]
    public async Task Deliver_ReasonIsTooLong_IsCutBetweenTwoCharacters()
    {
        _clients.Answer = (_, _) => throw new HttpRequestException($"{new string('x', 499)}\U0001F600 and more");

        _outbox.Add("a");

        Assert.Equal(new string('x', 499), (await _outbox.NextMarkAsync()).Reason);
    }

    [Fact]
    public async Task Settle_DatabaseRefusesWhatCameOfIt_IsCounted()
    {
        _outbox.OnSettle = () => throw new InvalidOperationException("refused");

        _outbox.Add("a");

        await _metrics.WaitAsync(Attempts, "outcome", "not_settled", 1);
    }

    [Fact]
    public async Task Deliver_AnotherExceptionThanHttps_IsAFailureToo()
    {
        _clients.Answer = (_, _) => throw new InvalidOperationException("no such header");

        _outbox.Add("a");

        Assert.Equal("no such header", (await _outbox.NextMarkAsync()).Reason);
    }

    [Fact]
    public async Task Deliver_LastAttemptFails_IsADeadLetterAndTheNextGoesOut()
    {
        _options.MaxAttempts = 3;
        _clients.Answer = (request, _) => KeyOf(request) == "a" ? throw new HttpRequestException("connection refused") : FakeHttpClientFactory.Respond(HttpStatusCode.OK);

        _outbox.Add("a", attempts: 2);
        _outbox.Add("b");

        Assert.Equal(new Mark("a", Delivered: false, "connection refused", NextAttemptAt: null), await _outbox.NextMarkAsync());
        Assert.Equal(new Mark("b", Delivered: true, null, null), await _outbox.NextMarkAsync());
        await _metrics.WaitAsync(Attempts, "outcome", "dead", 1);
    }

    [Fact]
    public async Task Deliver_TargetIsNotConfigured_FailsUntilItIsADeadLetter()
    {
        (_options.MaxAttempts, _options.RetryDelay) = (2, TimeSpan.FromMilliseconds(100));
        _outbox.Add("a", target: "gone");

        var first = await AdvanceUntilMarkedAsync();
        var last = await AdvanceUntilMarkedAsync();

        Assert.Equal("Inference:Webhooks:gone is no longer configured", first.Reason);
        Assert.Equal((true, false), (first.NextAttemptAt is not null, last.NextAttemptAt is not null));
        Assert.Empty(_clients.Sent);
    }

    [Fact]
    public async Task Deliver_ReceiverDoesNotAnswer_FailsAfterTheTimeout()
    {
        var reached = HoldRequests();
        _outbox.Add("a");
        await reached.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        _time.Advance(_options.Timeout);

        var mark = await _outbox.NextMarkAsync();
        Assert.Equal((false, $"no answer within {_options.Timeout}"), (mark.Delivered, mark.Reason));
    }

    [Fact]
    public async Task Deliver_LeaseWasLost_IsCountedAndNothingElse()
    {
        _outbox.LosesLeases = true;
        _outbox.Add("a");
        await _metrics.WaitAsync(Attempts, "outcome", "lease_lost", 1);

        Assert.Equal(["lease_lost"], _metrics.Tags(Attempts, "outcome"));
        Assert.Equal(["a"], _outbox.Leased);
    }

    [Fact]
    public async Task Claim_OutboxUnreadable_LooksAgain()
    {
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _outbox.OnClaim = _ =>
        {
            _outbox.OnClaim = _ => Task.CompletedTask;
            failed.SetResult();
            throw new InferenceException(InferenceErrorCode.StorageUnavailable, "locked");
        };
        _outbox.Add("a");
        await failed.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        Assert.True((await AdvanceUntilMarkedAsync()).Delivered);
    }

    [Fact]
    public async Task Settle_DatabaseFailsAtFirst_IsWrittenLaterWithoutASecondDelivery()
    {
        _outbox.FailSettling(3);
        _outbox.Add("a");

        Assert.True((await AdvanceUntilMarkedAsync()).Delivered);

        Assert.Single(_clients.Sent);
    }

    [Fact]
    public async Task StopAsync_MessageUnderWay_MayEndWithinTheStopTimeout()
    {
        var answer = new TaskCompletionSource<HttpResponseMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _clients.Answer = (_, _) =>
        {
            reached.SetResult();
            return answer.Task;
        };
        _outbox.Add("a");
        await reached.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        var stop = _dispatcher.StopAsync(CancellationToken.None);
        answer.SetResult(new HttpResponseMessage(HttpStatusCode.OK));
        await stop.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        Assert.True((await _outbox.NextMarkAsync()).Delivered);
    }

    [Fact]
    public async Task StopAsync_ReceiverDoesNotAnswer_BreaksOffAndGivesTheMessageBack()
    {
        _options.Timeout = TimeSpan.FromMinutes(5);
        var reached = HoldRequests();
        _outbox.Add("a");
        _outbox.Add("b");
        await reached.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        await StopAsync();

        Assert.Equal((true, false), (_dispatcher.ExecuteTask!.IsCompleted, _dispatcher.ExecuteTask.IsFaulted));
        Assert.Empty(_outbox.Leased);
        var waiting = Assert.Single(await _outbox.ClaimAsync("desk", "another", TimeSpan.FromMinutes(1), 10, CancellationToken.None));
        Assert.Equal(("a", 1), (waiting.Message.Id, waiting.Attempt));
    }

    [Fact]
    public async Task StopAsync_NothingToDo_EndsTheLoops()
    {
        await StopAsync();

        Assert.Equal((true, false), (_dispatcher.ExecuteTask!.IsCompleted, _dispatcher.ExecuteTask.IsFaulted));
    }

    private static string KeyOf(HttpRequestMessage request) => Uri.UnescapeDataString(request.Headers.GetValues("Idempotency-Key").Single());

    // Completes when a request has come to a receiver that never answers.
    private Task HoldRequests()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _clients.Answer = (_, cancellationToken) =>
        {
            reached.TrySetResult();
            return FakeHttpClientFactory.NeverRespond(cancellationToken);
        };
        return reached.Task;
    }

    // The dispatcher starts its waits at moments that the test does not see, so time moves until they have passed.
    private async Task<Mark> AdvanceUntilMarkedAsync()
    {
        var mark = _outbox.NextMarkAsync();
        await AdvanceUntilAsync(mark);
        return await mark;
    }

    private Task StopAsync() => AdvanceUntilAsync(_dispatcher.StopAsync(CancellationToken.None));

    private async Task AdvanceUntilAsync(Task task)
    {
        while (!task.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(1, CancellationToken.None);
        }

        await task;
    }
}
