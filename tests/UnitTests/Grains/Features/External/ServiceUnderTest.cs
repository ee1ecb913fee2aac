using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.External;
using UnitTests.Fakes;

namespace UnitTests.Grains.Features.External;

/// <summary>An external service with one column, <c>value</c> with the default -1, whose server the test puts up, down or on hold.</summary>
internal sealed class ServiceUnderTest : IDisposable
{
    private readonly FakeHttpClientFactory _clients = new();
    private readonly ExternalServiceOptions _options = new()
    {
        BaseAddress = "http://risk.internal",
        Path = "/risk/{terminal}",
        MaxAttempts = 1,
        BreakerMinimumCalls = 1_000_000,
        Columns = { ["value"] = new FeatureColumnOptions { Default = "-1" } },
    };

    private readonly Lazy<ExternalService> _service;

    public ServiceUnderTest(Action<ExternalServiceOptions>? configure = null)
    {
        configure?.Invoke(_options);
        _service = new(() => new ExternalService("risk", _options, _clients, Time, Metrics.Instruments, NullLogger<ExternalService>.Instance));
        Up(1);
    }

    public FakeTimeProvider Time { get; } = new();

    public RecordedMetrics Metrics { get; } = new();

    public ExternalService Service => _service.Value;

    /// <summary>HTTP calls so far.</summary>
    public int Calls => _clients.Sent.Count;

    /// <summary>Answers this number from now on.</summary>
    public void Up(double value) => _clients.Answer = (_, _) => Respond(value);

    /// <summary>Answers the time since then, in milliseconds.</summary>
    public void UpWithTheTime(long since) => _clients.Answer = (_, _) => Respond(Time.GetElapsedTime(since).TotalMilliseconds);

    public void Down() => _clients.Answer = (_, _) => throw new HttpRequestException("connection refused");

    /// <summary>What the client throws when its own time for a connection is over.</summary>
    public void HasNoConnectionInTime() => _clients.Answer = (_, _) => throw new TaskCanceledException("connecting", new TimeoutException());

    public void Answers(HttpStatusCode status, Action<HttpResponseMessage>? change = null) => _clients.Answer = async (_, _) =>
    {
        var response = await FakeHttpClientFactory.Respond(status);
        change?.Invoke(response);
        return response;
    };

    /// <summary>Answers nothing, or its headers alone.</summary>
    public void Hangs(bool inItsBody = false) => _clients.Answer = (_, cancellationToken) =>
        inItsBody ? Task.FromResult(new HttpResponseMessage { Content = new HangingContent() }) : FakeHttpClientFactory.NeverRespond(cancellationToken);

    /// <summary>Answers once the test completes the task, with its number.</summary>
    public TaskCompletionSource<double> OnHold()
    {
        var answer = new TaskCompletionSource<double>(TaskCreationOptions.RunContinuationsAsynchronously);
        _clients.Answer = async (_, cancellationToken) => await Respond(await answer.Task.WaitAsync(cancellationToken));
        return answer;
    }

    public async Task<FeatureRow> ReadAsync(TimeSpan? maxAge = null, string terminal = "3156") => await Service.ReadAsync(Query(maxAge, terminal));

    /// <summary>Reads for a caller who may leave.</summary>
    public async Task<FeatureRow> ReadForAsync(CancellationToken caller) => await Service.ReadAsync(new RequestBuilder(Time).With("terminal", "3156").QueryFor(caller));

    /// <summary>Lets time pass, little by little, until the reading has ended: what runs in between sets timers of its own.</summary>
    public async Task AdvanceToAsync(Task reading)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        while (!reading.IsCompleted)
        {
            if (TimeProvider.System.GetElapsedTime(startedAt) > Gate.Patience) throw new TimeoutException($"still reading after {Calls} calls");
            Time.Advance(TimeSpan.FromMilliseconds(1));
            await Task.WhenAny(reading, Task.Delay(TimeSpan.FromMilliseconds(2)));
        }
    }

    public FeatureQuery Query(TimeSpan? maxAge = null, string terminal = "3156") => new RequestBuilder(Time).With("terminal", terminal).Query() with { MaxAge = maxAge };

    /// <summary>Reads and expects one value with its status.</summary>
    public async Task AssertReadsAsync(double value, FeatureStatus status, bool degraded = false, TimeSpan? maxAge = null)
    {
        var row = await ReadAsync(maxAge).WaitAsync(Gate.Patience);
        Assert.Equal((value, status, degraded), (row.Values[0].Number, row.Values[0].Status, row.Degraded));
    }

    public void Dispose() => Metrics.Dispose();

    private static Task<HttpResponseMessage> Respond(double value) =>
        FakeHttpClientFactory.Respond(HttpStatusCode.OK, string.Create(CultureInfo.InvariantCulture, $$"""{"value": {{value}}}"""));

    private sealed class HangingContent : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Task.Delay(Timeout.Infinite);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
