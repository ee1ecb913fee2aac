using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansInference;
using OrleansInference.Api;

namespace UnitTests.Api;

public sealed class ErrorMiddlewareTests
{
    [Fact]
    public async Task InvokeAsync_UnknownException_IsLoggedButNotTold()
    {
        var (status, body, logged) = await InvokeAsync(new InvalidOperationException("secret"));

        Assert.Equal(500, status);
        Assert.Equal("Internal", body.GetProperty("code").GetString());
        Assert.DoesNotContain("secret", body.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("secret", Assert.Single(logged).Message);
    }

    [Fact]
    public async Task InvokeAsync_KnownException_IsToldButNotLogged()
    {
        var (status, body, logged) = await InvokeAsync(new InferenceException(InferenceErrorCode.NotFound, "There is no model 'x'."));

        Assert.Equal(404, status);
        Assert.Equal("There is no model 'x'.", body.GetProperty("detail").GetString());
        Assert.Empty(logged);
    }

    [Fact]
    public async Task InvokeAsync_CallerLeftInTheMiddle_IsNoDefect()
    {
        var context = NewContext();
        context.RequestAborted = new CancellationToken(canceled: true);
        var logger = new RecordingLogger();

        await new ErrorMiddleware(_ => throw new IOException("Connection reset by peer"), logger).InvokeAsync(context);

        Assert.Equal(499, context.Response.StatusCode);
        Assert.Empty(logger.Exceptions);
    }

    [Fact]
    public async Task InvokeAsync_RetryCanHelp_SaysWhen()
    {
        var context = NewContext();
        var middleware = new ErrorMiddleware(
            _ => throw new InferenceException(InferenceErrorCode.StorageUnavailable, "Locked.", TimeSpan.FromSeconds(2)), NullLogger<ErrorMiddleware>.Instance);

        await middleware.InvokeAsync(context);

        Assert.Equal("2", context.Response.Headers.RetryAfter);
    }

    [Theory]
    [InlineData(InferenceErrorCode.InvalidInput, 400)]
    [InlineData(InferenceErrorCode.NotFound, 404)]
    [InlineData(InferenceErrorCode.QueueFull, 429)]
    [InlineData(InferenceErrorCode.Cancelled, 499)]
    [InlineData(InferenceErrorCode.NotReady, 503)]
    [InlineData(InferenceErrorCode.StorageUnavailable, 503)]
    [InlineData(InferenceErrorCode.DeadlineExceeded, 504)]
    [InlineData(InferenceErrorCode.ModelFailed, 500)]
    [InlineData(InferenceErrorCode.Internal, 500)]
    [InlineData(InferenceErrorCode.Unauthenticated, 401)]
    [InlineData(InferenceErrorCode.MethodNotAllowed, 405)]
    [InlineData(InferenceErrorCode.PayloadTooLarge, 413)]
    [InlineData(InferenceErrorCode.UnsupportedMediaType, 415)]
    public async Task InvokeAsync_UnderV2_AnswersInTheProtocolsWords(InferenceErrorCode code, int expected)
    {
        var (status, body, _) = await InvokeAsync(new InferenceException(code, "What „happened“."), "/v2/models/m/infer");

        Assert.Equal(expected, status);
        Assert.Equal("""{"error":"What „happened“."}""", body.GetRawText());
    }

    private static async Task<(int Status, JsonElement Body, IReadOnlyList<Exception> Logged)> InvokeAsync(Exception thrown, string path = "/predict")
    {
        var context = NewContext();
        context.Request.Path = path;
        var logger = new RecordingLogger();

        await new ErrorMiddleware(_ => throw thrown, logger).InvokeAsync(context);

        context.Response.Body.Position = 0;
        var body = await JsonDocument.ParseAsync(context.Response.Body, cancellationToken: TestContext.Current.CancellationToken);
        return (context.Response.StatusCode, body.RootElement, logger.Exceptions);
    }

    private static DefaultHttpContext NewContext()
    {
        var context = new DefaultHttpContext { RequestServices = new ServiceCollection().AddLogging().AddProblemDetails().BuildServiceProvider() };
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(new MemoryStream()));
        return context;
    }

    private sealed class RecordingLogger : ILogger<ErrorMiddleware>
    {
        public List<Exception> Exceptions { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel is LogLevel.Error) Exceptions.Add(exception!);
        }
    }
}
