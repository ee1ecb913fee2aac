using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace OrleansInference.Grains.Features.External;

/// <summary>How long a service has for a call, when it is asked again, and when it is left alone for a while. What it tells is logged and counted.</summary>
internal sealed partial class ExternalBreaker(string name, ExternalServiceOptions options, TimeProvider time, InferenceInstruments instruments, ILogger<ExternalService> logger)
{
    /// <summary>Retries around a breaker around one attempt's time: every attempt counts for it, and an open one ends the attempts.</summary>
    public ResiliencePipeline<HttpResponseMessage> Build()
    {
        var builder = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time };
        if (options.MaxAttempts > 1) builder.AddRetry(Retries());
        builder.AddCircuitBreaker(Breaker());
        if (options.EffectiveAttemptTimeout < options.Timeout) builder.AddTimeout(options.EffectiveAttemptTimeout);
        return builder.Build();
    }

    private HttpRetryStrategyOptions Retries() => new()
    {
        MaxRetryAttempts = options.MaxAttempts - 1,
        Delay = options.RetryDelay,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        ShouldRetryAfterHeader = false,

        // A service that names a time to come back at names one beyond this prediction.
        ShouldHandle = args => ValueTask.FromResult(IsTransient(args.Outcome) && args.Outcome.Result?.Headers.RetryAfter is null),
    };

    private HttpCircuitBreakerStrategyOptions Breaker() => new()
    {
        FailureRatio = options.BreakerFailureRatio,
        MinimumThroughput = options.BreakerMinimumCalls,
        SamplingDuration = options.BreakerWindow,
        BreakDuration = options.BreakerOpenFor,

        // A call is cancelled by its own timeouts alone, never by a caller's: too slow is down.
        ShouldHandle = args => ValueTask.FromResult(IsTransient(args.Outcome) || args.Outcome.Exception is OperationCanceledException),
        OnOpened = OnOpenedAsync,
        OnHalfOpened = _ => Count("half_open"),
        OnClosed = OnClosedAsync,
    };

    // Too large an answer will be as large the next time.
    private static bool IsTransient(Outcome<HttpResponseMessage> outcome) =>
        outcome.Exception is HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } ? false
        : outcome.Exception is IOException || HttpClientResiliencePredicates.IsTransient(outcome);

    private ValueTask OnOpenedAsync(OnCircuitOpenedArguments<HttpResponseMessage> opened)
    {
        LogOpened(opened.Outcome.Exception, name, options.BreakerOpenFor);
        return Count("open");
    }

    private ValueTask OnClosedAsync(OnCircuitClosedArguments<HttpResponseMessage> closed)
    {
        LogClosed(name);
        return Count("closed");
    }

    private ValueTask Count(string state)
    {
        instruments.OnBreakerChanged(name, state);
        return ValueTask.CompletedTask;
    }

    [LoggerMessage(EventIds.ExternalBreakerOpened, LogLevel.Warning, "The breaker of external service {ServiceName} opened: it is not asked for {OpenFor}")]
    private partial void LogOpened(Exception? cause, string serviceName, TimeSpan openFor);

    [LoggerMessage(EventIds.ExternalBreakerClosed, LogLevel.Information, "The breaker of external service {ServiceName} closed: it answers again")]
    private partial void LogClosed(string serviceName);
}
