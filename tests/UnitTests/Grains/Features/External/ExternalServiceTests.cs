using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.External;
using UnitTests.Fakes;

namespace UnitTests.Grains.Features.External;

public sealed class ExternalServiceTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeHttpClientFactory _clients = new();
    private readonly ExternalServiceOptions _options = new()
    {
        BaseAddress = "http://risk.internal:8080",
        Path = "/terminals/{terminal}/risk",
        MaxAttempts = 1,
        Columns =
        {
            ["count"] = new FeatureColumnOptions { Default = "0" },
            ["text"] = new FeatureColumnOptions { Type = "text", Source = "description" },
        },
    };

    [Fact]
    public async Task ReadAsync_GoodAnswer_GivesItsProperties()
    {
        Answer("""{"description": "low risk", "count": 5, "more": [1]}""");

        AssertRow(await ReadAsync(), degraded: false, FeatureValue.Of(5), FeatureValue.Of("low risk"));
    }

    [Fact]
    public async Task ReadAsync_GoodAnswer_WasAskedForTheField()
    {
        await ReadAsync();

        Assert.Equal("http://risk.internal:8080/terminals/3156/risk", Assert.Single(_clients.Sent).Address);
    }

    [Theory]
    [InlineData("true", 1)]
    [InlineData("false", 0)]
    [InlineData("-1.5e3", -1500)]
    public async Task ReadAsync_NumberOrBoolean_IsANumber(string json, double number)
    {
        Answer($$"""{"description": "x", "count": {{json}}}""");

        AssertRow(await ReadAsync(), degraded: false, FeatureValue.Of(number), FeatureValue.Of("x"));
    }

    [Fact]
    public async Task ReadAsync_NullProperties_AreDefaultsWithoutDegrading()
    {
        Answer("""{"description": null, "count": null}""");

        AssertRow(await ReadAsync(), degraded: false, FeatureValue.Of(0).AsDefault(), FeatureValue.Missing);
    }

    [Theory]
    [InlineData("""{"description": "x"}""")]
    [InlineData("""{"description": "x", "count": "5"}""")]
    [InlineData("""{"description": "x", "count": [5]}""")]
    [InlineData("""{"description": "x", "count": 1e999}""")]
    public async Task ReadAsync_OnePropertyMissingOrWrong_DegradesAndKeepsTheOther(string json)
    {
        Answer(json);

        AssertRow(await ReadAsync(), degraded: true, FeatureValue.Of(0).AsDefault(), FeatureValue.Of("x"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no json")]
    [InlineData("[1]")]
    [InlineData("null")]
    [InlineData("5")]
    [InlineData("""{"count": 5""")]
    [InlineData("""{"count": 5} {}""")]
    [InlineData("""{"count": 5, "description": "\ud800"}""")]
    public async Task ReadAsync_GarbageInTheAnswer_GivesDegradedDefaults(string body)
    {
        Answer(body);

        AssertDefaults(await ReadAsync());
    }

    [Fact]
    public async Task ReadAsync_AnswerIsNotUtf8_GivesDegradedDefaults()
    {
        byte[] body = [.. Encoding.ASCII.GetBytes("""{"count": 5, "description": """), (byte)'"', 0xFF, (byte)'"', (byte)'}'];
        _clients.Answer = (_, _) => Task.FromResult(new HttpResponseMessage { Content = new ByteArrayContent(body) });

        AssertDefaults(await ReadAsync());
    }

    [Theory]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.Redirect)]
    public async Task ReadAsync_NotSuccess_GivesDegradedDefaults(HttpStatusCode status)
    {
        _clients.Answer = (_, _) => FakeHttpClientFactory.Respond(status, """{"count": 5, "description": "x"}""");

        AssertDefaults(await ReadAsync());
    }

    [Fact]
    public async Task ReadAsync_ConnectionRefused_GivesDegradedDefaults()
    {
        _clients.Answer = (_, _) => throw new HttpRequestException("connection refused");

        AssertDefaults(await ReadAsync());
    }

    [Fact]
    public async Task ReadAsync_AnswerTooLarge_GivesDegradedDefaults()
    {
        Answer("""{"description": "x", "count": 5}""");
        _options.MaxResponseBytes = 20;

        AssertDefaults(await ReadAsync());
    }

    [Fact]
    public async Task ReadAsync_FieldThatWouldChangeThePath_GivesDegradedDefaultsWithoutACall()
    {
        var row = await Service().ReadAsync(new RequestBuilder(_time).With("terminal", "..").Query());

        AssertDefaults(row);
        Assert.Empty(_clients.Sent);
    }

    [Fact]
    public async Task ReadAsync_SlowerThanItsTimeout_GivesDegradedDefaults()
    {
        _clients.Answer = (_, cancellationToken) => FakeHttpClientFactory.NeverRespond(cancellationToken);
        var reading = ReadAsync();

        _time.Advance(TimeSpan.FromMilliseconds(300));

        AssertDefaults(await reading.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ReadAsync_LittleTimeLeft_WaitsForItsShareOnly()
    {
        _clients.Answer = (_, cancellationToken) => FakeHttpClientFactory.NeverRespond(cancellationToken);
        var reading = Service().ReadAsync(Request().Within(TimeSpan.FromMilliseconds(200)).Query()).AsTask();

        _time.Advance(TimeSpan.FromMilliseconds(120));

        AssertDefaults(await reading.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ReadAsync_CallerLeaves_EndsWithoutAFallback()
    {
        using var caller = new CancellationTokenSource();
        _clients.Answer = (_, cancellationToken) => FakeHttpClientFactory.NeverRespond(cancellationToken);
        var reading = Service().ReadAsync(Request().QueryFor(caller.Token)).AsTask();

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ReadAsync_RequestEndedMeanwhile_StillFallsBack()
    {
        _clients.Answer = (_, cancellationToken) => FakeHttpClientFactory.NeverRespond(cancellationToken);
        var query = Request().Query();
        var reading = Service().ReadAsync(query).AsTask();

        query.Budget.Dispose();
        _time.Advance(TimeSpan.FromMilliseconds(300));

        AssertDefaults(await reading.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("http://gateway", "/risk", "http://gateway/risk")]
    [InlineData("http://gateway/", "risk", "http://gateway/risk")]
    [InlineData("http://gateway/api", "/risk", "http://gateway/api/risk")]
    [InlineData("http://gateway/api/", "risk?x=1", "http://gateway/api/risk?x=1")]
    [InlineData("http://gateway", "//evil.example/risk", "http://gateway/evil.example/risk")]
    [InlineData("http://gateway", "{terminal}", "http://gateway/3156")]
    public async Task ReadAsync_BaseAddressAndPath_AreJoinedWithoutLoss(string baseAddress, string path, string expected)
    {
        (_options.BaseAddress, _options.Path) = (baseAddress, path);

        await ReadAsync();

        Assert.Equal(expected, Assert.Single(_clients.Sent).Address);
    }

    [Theory]
    [InlineData("")]
    [InlineData("risk.internal")]
    [InlineData("ftp://risk.internal")]
    [InlineData("http://risk.internal/?key=1")]
    [InlineData("http://risk.internal/#top")]
    public void Constructor_BadBaseAddress_IsRefusedWithItsSetting(string baseAddress)
    {
        _options.BaseAddress = baseAddress;

        var fault = Assert.Throws<InferenceStartupException>(Service);

        Assert.StartsWith($"Inference:ExternalServices:terminal_risk:BaseAddress is '{baseAddress}'.", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-Api-Key", "", "is empty. Set it, for example by the environment variable Inference__ExternalServices__terminal_risk__Headers__X-Api-Key, or remove it.")]
    [InlineData("X-Api-Key", "a\nb", "cannot be sent: the name is no request header, or the value (not shown) has a line break. Correct it.")]
    [InlineData("no header", "secret-value", "cannot be sent: the name is no request header, or the value (not shown) has a line break. Correct it.")]
    [InlineData("Content-Type", "secret-value", "cannot be sent: the name is no request header, or the value (not shown) has a line break. Correct it.")]
    public void Constructor_HeaderThatCannotBeSent_IsNamedWithoutItsValue(string header, string value, string told)
    {
        _options.Headers[header] = value;

        Assert.Equal($"Inference:ExternalServices:terminal_risk:Headers:{header} {told}", Assert.Throws<InferenceStartupException>(Service).Message);
    }

    [Fact]
    public async Task ReadAsync_HeadersConfigured_AreSent()
    {
        _options.Headers["X-Api-Key"] = "secret";
        _options.Headers["Authorization"] = "Bearer token";

        await ReadAsync();

        var sent = Assert.Single(_clients.Sent).Headers;
        Assert.Equal(("secret", "Bearer token"), (sent["X-Api-Key"], sent["Authorization"]));
    }

    [Fact]
    public async Task ReadAsync_FailsAndPolicyIsFail_IsAnErrorWorthARetry()
    {
        _options.OnError = ExternalFailurePolicy.Fail;
        _clients.Answer = (_, _) => throw new HttpRequestException("connection refused");

        var failure = await Assert.ThrowsAsync<InferenceException>(ReadAsync);

        Assert.Equal(InferenceErrorCode.StorageUnavailable, failure.Code);
        Assert.Equal("External service terminal_risk did not answer (connection refused), and the model must not guess without it (Inference:ExternalServices:terminal_risk:OnError is Fail).", failure.Message);
        Assert.NotNull(failure.RetryAfter);
    }

    [Fact]
    public void RequestFields_Holes_AreTheFieldsOfThePath() => Assert.Equal(["terminal"], Service().RequestFields);

    private RequestBuilder Request() => new RequestBuilder(_time).With("terminal", "3156");

    private Task<FeatureRow> ReadAsync() => Service().ReadAsync(Request().Query()).AsTask();

    private ExternalService Service() =>
        new("terminal_risk", _options, _clients, _time, FakeMeterFactory.Instruments, NullLogger<ExternalService>.Instance);

    private void Answer(string body) => _clients.Answer = (_, _) => FakeHttpClientFactory.Respond(HttpStatusCode.OK, body);

    private static void AssertDefaults(FeatureRow row) => AssertRow(row, degraded: true, FeatureValue.Of(0).AsDefault(), FeatureValue.Missing);

    private static void AssertRow(FeatureRow row, bool degraded, params FeatureValue[] values)
    {
        Assert.Equal(values, row.Values);
        Assert.Equal(degraded, row.Degraded);
    }
}
