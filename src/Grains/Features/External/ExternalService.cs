using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace OrleansInference.Grains.Features.External;

/// <summary>Features from an HTTP service. Down, slow or talking nonsense, it costs its older or default values and a flag, never the prediction.</summary>
/// <remarks>
/// Promises: the prediction's deadline holds whatever the service does; a value is fresh only while younger than its TTL and than
/// the model's wish, both looked at when it is read; an answer in memory costs no call and no task.
/// </remarks>
public sealed partial class ExternalService : IFeatureSource
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly ExternalServiceOptions _options;
    private readonly FeatureColumn[] _columns;
    private readonly PathTemplate _path;
    private readonly AnswerAges _ages;
    private readonly SharedAnswers _answers;
    private readonly TimeProvider _time;
    private readonly InferenceInstruments _instruments;
    private readonly ILogger<ExternalService> _logger;

    public ExternalService(
        string name,
        ExternalServiceOptions options,
        IHttpClientFactory clients,
        TimeProvider time,
        InferenceInstruments instruments,
        ILogger<ExternalService> logger)
    {
        Name = name;
        _options = options;
        _columns = FeatureColumnOptions.Compile(ExternalSettings.Section(name), options.Columns);
        _path = new PathTemplate($"{ExternalSettings.Section(name)}:Path", options.Path);
        _ages = new AnswerAges(options.Ttl, options.StaleWhileRevalidate, options.StaleIfError);
        var call = new ExternalCall(name, options, _columns, clients, time, instruments, logger);
        _answers = new SharedAnswers(_ages.KeepAny ? options.MaxCachedAnswers : 0, call.AskAsync);
        _time = time;
        _instruments = instruments;
        _logger = logger;
    }

    public string Name { get; }

    public IReadOnlyList<FeatureColumn> Columns => _columns;

    public IReadOnlyList<string> RequestFields => _path.Fields;

    public string? FindFault(RequestContract request) => _path.FindFault(request);

    public ValueTask<FeatureRow> ReadAsync(FeatureQuery query)
    {
        string path;
        try
        {
            path = _path.Fill(query);
        }
        catch (HttpRequestException e)
        {
            return new(WithoutCall(e));
        }

        var kept = _answers.Find(path);
        return kept is null ? new(AskAsync(query, path, kept)) : ReadKept(query, path, kept);
    }

    /// <summary>What sends the service's calls.</summary>
    internal HttpMessageHandler CreateHandler() => ExternalCall.CreateHandler(_options.EffectiveAttemptTimeout);

    private ValueTask<FeatureRow> ReadKept(FeatureQuery query, string path, FeatureRow kept)
    {
        var age = _time.GetElapsedTime(kept.ReadAt);
        if (_ages.IsFresh(age, query.MaxAge))
        {
            _instruments.OnFeatureCached(Name, "fresh");
            return new(kept);
        }

        if (!_ages.MayRevalidate(age, query.MaxAge)) return new(AskAsync(query, path, kept));
        _ = _answers.AskAsync(path, kept);
        _instruments.OnFeatureCached(Name, "revalidated");
        return new(kept.AsStale());
    }

    private async Task<FeatureRow> AskAsync(FeatureQuery query, string path, FeatureRow? kept)
    {
        query.Budget.Token.ThrowIfCancellationRequested();
        try
        {
            // The call ends by its own timeout; the prediction waits for its share of its own time at most.
            return await _answers.AskAsync(path, kept).WaitAsync(query.Budget.Share(TimeSpan.MaxValue), _time, query.Budget.Token);
        }
        catch (Exception e) when (e is TimeoutException || ExternalCall.IsFailure(e))
        {
            // A caller who left needs no fallback; one who waits gets an answer.
            query.Budget.Token.ThrowIfCancellationRequested();
            if (e is TimeoutException) OnLate();
            return StandIn(kept, e);
        }
    }

    // The call may still end well, for the next prediction.
    private void OnLate()
    {
        _instruments.OnFeatureFailure(Name);
        LogServiceLate(Name);
    }

    private FeatureRow StandIn(FeatureRow? kept, Exception failure)
    {
        if (kept is not null && _ages.MayStandIn(_time.GetElapsedTime(kept.ReadAt)))
        {
            _instruments.OnFeatureCached(Name, "stale");
            return kept.AsStale() with { Degraded = true };
        }

        return _options.OnError is ExternalFailurePolicy.Default
            ? FeatureRow.Defaults(_columns, _time.GetTimestamp(), degraded: true)
            : throw new InferenceException(
                InferenceErrorCode.StorageUnavailable,
                $"External service {Name} did not answer ({Describe(failure)}), and the model must not guess without it ({ExternalSettings.Section(Name)}:OnError is Fail).",
                (failure as BrokenCircuitException)?.RetryAfter ?? RetryAfter);
    }

    private string Describe(Exception failure) => failure switch
    {
        TimeoutException => "the prediction's time for it was up",
        OperationCanceledException => $"nothing came within {_options.Timeout}",
        TimeoutRejectedException late => $"nothing came within {late.Timeout} of the last call",
        _ => failure.Message,
    };

    private FeatureRow WithoutCall(HttpRequestException fault)
    {
        _instruments.OnFeatureFailure(Name);
        LogNotAsked(fault, Name);
        return _options.OnError is ExternalFailurePolicy.Default
            ? FeatureRow.Defaults(_columns, _time.GetTimestamp(), degraded: true)
            : throw new InferenceException(InferenceErrorCode.InvalidInput, $"External service {Name} cannot be asked for this: {fault.Message}.");
    }

    [LoggerMessage(EventIds.ExternalServiceLate, LogLevel.Warning, "External service {ServiceName} did not answer within a prediction's time; older or default values stand in")]
    private partial void LogServiceLate(string serviceName);

    [LoggerMessage(EventIds.ExternalServiceNotAsked, LogLevel.Warning, "External service {ServiceName} was not asked; default values stand in")]
    private partial void LogNotAsked(Exception cause, string serviceName);
}
