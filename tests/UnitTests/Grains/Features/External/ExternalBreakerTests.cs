using System.Net;
using System.Net.Http.Headers;
using OrleansInference;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.External;
using UnitTests.Fakes;

namespace UnitTests.Grains.Features.External;

/// <summary>Attempts and the breaker, in fake time.</summary>
public sealed class ExternalBreakerTests : IDisposable
{
    private const string Changes = "inference.features.breaker.changes";

    private static readonly TimeSpan OpenFor = TimeSpan.FromSeconds(5);

    private readonly ServiceUnderTest _risk = new(options => options.BreakerMinimumCalls = 2);
    private readonly ServiceUnderTest _patient = new(options => options.MaxAttempts = 3);

    public void Dispose()
    {
        _risk.Dispose();
        _patient.Dispose();
    }

    [Fact]
    public async Task ReadAsync_ServiceFailsAndRecovers_BreakerOpensAndCloses()
    {
        _risk.Down();
        await _risk.ReadAsync();
        await _risk.ReadAsync();
        Assert.Equal(1, _risk.Metrics.Count(Changes, "state", "open"));

        _risk.Up(7);
        await _risk.AssertReadsAsync(-1, FeatureStatus.Default, degraded: true);
        Assert.Equal(2, _risk.Calls);

        _risk.Time.Advance(OpenFor);
        await _risk.AssertReadsAsync(7, FeatureStatus.Fresh);
        await _risk.AssertReadsAsync(7, FeatureStatus.Fresh);
        Assert.Equal(["closed", "half_open", "open"], _risk.Metrics.Tags(Changes, "state"));
        Assert.Equal(4, _risk.Calls);
    }

    [Fact]
    public async Task ReadAsync_TrialFails_BreakerOpensAgain()
    {
        _risk.Down();
        await _risk.ReadAsync();
        await _risk.ReadAsync();

        _risk.Time.Advance(OpenFor);
        await _risk.ReadAsync();
        await _risk.ReadAsync();

        Assert.Equal(3, _risk.Calls);
        Assert.Equal(2, _risk.Metrics.Count(Changes, "state", "open"));
    }

    [Fact]
    public async Task ReadAsync_ServiceTooSlow_BreakerOpens()
    {
        _risk.Hangs();
        for (var i = 0; i < 2; i++)
        {
            var reading = _risk.ReadAsync();
            _risk.Time.Advance(TimeSpan.FromMilliseconds(300));
            await reading.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        }

        await _risk.Metrics.WaitAsync(Changes, "state", "open", 1);
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.OK)]
    public async Task ReadAsync_AnswerIsOfNoUse_DoesNotOpenTheBreaker(HttpStatusCode status)
    {
        _risk.Answers(status);
        for (var i = 0; i < 5; i++) await _risk.ReadAsync();

        Assert.Equal(5, _risk.Calls);
    }

    [Fact]
    public async Task ReadAsync_BreakerOpenAndPolicyIsFail_NamesWhenToComeBack()
    {
        using var risk = new ServiceUnderTest(options => (options.BreakerMinimumCalls, options.OnError) = (2, ExternalFailurePolicy.Fail));
        risk.Down();
        for (var i = 0; i < 2; i++) await Assert.ThrowsAsync<InferenceException>(() => risk.ReadAsync());

        var failure = await Assert.ThrowsAsync<InferenceException>(() => risk.ReadAsync());

        Assert.Equal(OpenFor, failure.RetryAfter);
    }

    [Fact]
    public async Task ReadAsync_FirstAttemptFails_AsksAgainWithinTheTimeout()
    {
        _patient.Answers(HttpStatusCode.ServiceUnavailable);
        var reading = _patient.ReadAsync();
        _patient.Up(7);

        _patient.Time.Advance(TimeSpan.FromMilliseconds(250));

        Assert.Equal(FeatureValue.Of(7), (await reading.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken)).Values[0]);
        Assert.Equal(2, _patient.Calls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ReadAsync_FirstAttemptHangs_AsksAgainWithinTheTimeout(bool inItsBody)
    {
        using var risk = Hanging(inItsBody, options => options.MaxAttempts = 3);
        var (since, reading) = (risk.Time.GetTimestamp(), risk.ReadAsync());
        risk.Time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.Equal(1, risk.Calls);
        risk.Up(7);

        await risk.AdvanceToAsync(reading);

        Assert.Equal((FeatureValue.Of(7), false), ((await reading).Values[0], (await reading).Degraded));
        Assert.Equal(2, risk.Calls);
        Assert.True(risk.Time.GetElapsedTime(since) < TimeSpan.FromMilliseconds(300));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ReadAsync_AttemptsHang_EachCountsForTheBreaker(bool inItsBody)
    {
        using var risk = Hanging(inItsBody, options => (options.MaxAttempts, options.AttemptTimeout, options.BreakerMinimumCalls, options.Timeout) =
            (2, TimeSpan.FromMilliseconds(50), 2, TimeSpan.FromSeconds(10)));
        var (since, reading) = (risk.Time.GetTimestamp(), risk.ReadAsync());

        await risk.AdvanceToAsync(reading);

        Assert.Equal(1, risk.Metrics.Count(Changes, "state", "open"));
        Assert.Equal((2, true), (risk.Calls, (await reading).Degraded));
        Assert.True(risk.Time.GetElapsedTime(since) < TimeSpan.FromSeconds(1));
        await risk.AssertReadsAsync(-1, FeatureStatus.Default, degraded: true);
        Assert.Equal(2, risk.Calls);
    }

    [Fact]
    public async Task ReadAsync_ConnectionEndsBeforeItsAttempt_AsksAgain()
    {
        _patient.HasNoConnectionInTime();
        var reading = _patient.ReadAsync();
        _patient.Up(7);

        await _patient.AdvanceToAsync(reading);

        Assert.Equal((FeatureValue.Of(7), 2), ((await reading).Values[0], _patient.Calls));
    }

    [Fact]
    public async Task ReadAsync_AttemptMayTakeAllOfTheTime_SlowAnswerIsTaken()
    {
        using var risk = new ServiceUnderTest(options => (options.MaxAttempts, options.AttemptTimeout) = (3, options.Timeout));
        var answer = risk.OnHold();
        var reading = risk.ReadAsync();

        risk.Time.Advance(TimeSpan.FromMilliseconds(299));
        answer.SetResult(7);

        Assert.Equal(FeatureValue.Of(7), (await reading.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken)).Values[0]);
        Assert.Equal(1, risk.Calls);
    }

    [Fact]
    public async Task ReadAsync_LastAttemptHangsAndPolicyIsFail_SaysHowLongItHad()
    {
        using var risk = Hanging(inItsBody: false, options => (options.AttemptTimeout, options.OnError) = (TimeSpan.FromMilliseconds(50), ExternalFailurePolicy.Fail));
        var reading = risk.ReadAsync();

        await risk.AdvanceToAsync(reading);

        var failure = await Assert.ThrowsAsync<InferenceException>(() => reading);
        Assert.Contains("(nothing came within 00:00:00.0500000 of the last call)", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(300, 1, 300)]
    [InlineData(300, 2, 150)]
    [InlineData(300, 3, 100)]
    [InlineData(20, 10, 10)]
    public void EffectiveAttemptTimeout_NotSet_IsAnEqualShareOfTheTimeout(int timeout, int attempts, int expected)
    {
        var options = new ExternalServiceOptions { Timeout = TimeSpan.FromMilliseconds(timeout), MaxAttempts = attempts };

        Assert.Equal(TimeSpan.FromMilliseconds(expected), options.EffectiveAttemptTimeout);
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.BadRequest)]
    [InlineData(HttpStatusCode.Redirect)]
    public async Task ReadAsync_FailureThatWouldStay_IsNotAskedAgain(HttpStatusCode status)
    {
        _patient.Answers(status);

        await _patient.AssertReadsAsync(-1, FeatureStatus.Default, degraded: true);

        Assert.Equal(1, _patient.Calls);
    }

    [Fact]
    public async Task ReadAsync_ServiceAsksForPatience_IsNotAskedAgain()
    {
        _patient.Answers(HttpStatusCode.TooManyRequests, response => response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(1)));

        await _patient.AssertReadsAsync(-1, FeatureStatus.Default, degraded: true);

        Assert.Equal(1, _patient.Calls);
    }

    [Fact]
    public async Task ReadAsync_AllAttemptsFail_EndsWithinTheTimeout()
    {
        _patient.Down();
        var reading = _patient.ReadAsync();

        _patient.Time.Advance(TimeSpan.FromMilliseconds(300));

        Assert.True((await reading.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken)).Degraded);
    }

    private static ServiceUnderTest Hanging(bool inItsBody, Action<ExternalServiceOptions> configure)
    {
        var risk = new ServiceUnderTest(configure);
        risk.Hangs(inItsBody);
        return risk;
    }
}
