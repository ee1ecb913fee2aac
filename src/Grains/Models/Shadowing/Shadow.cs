using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains.Models.Shadowing;

/// <summary>Gives a version that answers nobody copies of what the default version answered, and records how far it is off.</summary>
/// <remarks>
/// Promises: offering a copy never waits, throws or changes the reply; at most <see cref="Capacity"/> copies wait and one runs,
/// further ones are dropped; whatever the shadow does ends here.
/// Threads: any thread offers; one loop runs the copies, on capacity that no request wants.
/// </remarks>
internal sealed partial class Shadow : IDisposable
{
    /// <summary>Copies that wait. Few, since each keeps a request's tensors in memory.</summary>
    public const int Capacity = 16;

    // The caller's deadline does not bind a copy, but a model that never ends must not hold the shadow for good.
    private static readonly TimeSpan LongestRun = TimeSpan.FromSeconds(30);

    private readonly string _model;
    private readonly IServedVersion _version;
    private readonly TimeProvider _time;
    private readonly InferenceInstruments _instruments;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<Copy> _copies = Channel.CreateBounded<Copy>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private bool _failing;

    public Shadow(string model, IServedVersion version, TimeProvider time, InferenceInstruments instruments, ILogger logger)
    {
        _model = model;
        _version = version;
        _time = time;
        _instruments = instruments;
        _logger = logger;
        Completion = Task.Run(RunAsync);
    }

    /// <summary>Ends after <see cref="Dispose"/>, when no copy runs any more.</summary>
    public Task Completion { get; }

    public int Version => _version.Version;

    /// <summary>Whether it is this version that runs the copies.</summary>
    public bool Runs(IServedVersion version) => _version == version;

    /// <summary>Copies a request that has been answered, unless there are too many already.</summary>
    public void Offer(InferenceRequest request, InferenceResponse answer)
    {
        if (!_copies.Writer.TryWrite(new Copy(request, answer))) _instruments.OnShadowed(_model, Version, "dropped");
    }

    public void Dispose()
    {
        _copies.Writer.TryComplete();
        _stopping.Cancel();
    }

    private async Task RunAsync()
    {
        while (await _copies.Reader.WaitToReadAsync() && !_stopping.IsCancellationRequested)
        {
            if (_copies.Reader.TryRead(out var copy)) _instruments.OnShadowed(_model, Version, await RunAsync(copy));
        }
    }

    // The outcome. Nothing that a shadow does may end the loop.
    private async Task<string> RunAsync(Copy copy)
    {
        using var limit = new CancellationTokenSource(LongestRun, _time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token);
        try
        {
            return await CompareAsync(copy, ended.Token);
        }
        catch (OperationCanceledException) when (!ended.IsCancellationRequested)
        {
            return "preempted";
        }
        catch (InferenceException e) when (e.Code is InferenceErrorCode.QueueFull)
        {
            return "dropped";
        }
        catch (Exception e)
        {
            if (!_failing) LogShadowFailed(e, _model, Version);
            _failing = true;
            return "failed";
        }
    }

    private async Task<string> CompareAsync(Copy copy, CancellationToken cancellationToken)
    {
        if (!_version.TryAcquire()) return "dropped";
        try
        {
            var shadowed = await _version.InferAsync(copy.Request with { Version = null, Timeout = null }, cancellationToken);
            var difference = OutputDifference.Between(copy.Answer.Outputs, shadowed.Outputs);
            _instruments.OnShadowCompared(_model, Version, difference.Largest, difference.Mismatches);
            _failing = false;
            return "ok";
        }
        finally
        {
            _version.Release();
        }
    }

    [LoggerMessage(EventIds.ShadowFailed, LogLevel.Warning, "Shadow {ModelName}/{ModelVersion} failed on the copy of a request that was answered; nobody saw it. Further failures in a row are counted only")]
    private partial void LogShadowFailed(Exception exception, string modelName, int modelVersion);

    private readonly record struct Copy(InferenceRequest Request, InferenceResponse Answer);
}
