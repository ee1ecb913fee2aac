using System.Reflection;
using System.Threading.Channels;
using Orleans;
using OrleansInference;
using OrleansInference.Grains;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.PostProcessing.Replay;
using UnitTests.Fakes;

namespace UnitTests.Grains.PostProcessing.Replay;

/// <summary>Each silo asks the roster again and again, so that a replay goes on whichever silo ended.</summary>
public sealed class ReplayResumptionTests : IAsyncDisposable
{
    private readonly TimerSignalTimeProvider _time = new();
    private readonly FakeRoster _roster = new();
    private readonly FakeStartup _startup = new();
    private readonly RecordedMetrics _metrics = new();
    private readonly FakeLogger<ReplayResumption> _log = new();
    private readonly ReplayResumption _resumption;

    public ReplayResumptionTests()
    {
        var grains = DispatchProxy.Create<IGrainFactory, RosterOnly>();
        ((RosterOnly)grains).Roster = _roster;
        _resumption = new ReplayResumption(_startup, grains, _time, _metrics.Instruments, _log);
    }

    [Fact]
    public async Task ExecuteAsync_ModelsLoaded_AsksAtOnceAndAboutOnceAMinute()
    {
        await _resumption.StartAsync(CancellationToken.None);
        Assert.Equal(0, _roster.Asked);

        _startup.Loaded.SetResult();
        await _roster.NextAsync();
        for (var i = 0; i < 3; i++)
        {
            await _time.NextTimerAsync();
            _time.Advance(ReplayResumption.LongestPause);
            await _roster.NextAsync();
        }
    }

    [Fact]
    public async Task ExecuteAsync_RosterFails_IsCountedToldOnceAndAskedAgain()
    {
        _roster.Faults = 2;
        _startup.Loaded.SetResult();
        await _resumption.StartAsync(CancellationToken.None);
        for (var i = 0; i < 3; i++)
        {
            await _roster.NextAsync();
            await _time.NextTimerAsync();
            _time.Advance(ReplayResumption.LongestPause);
        }

        Assert.Equal([1.0, 1.0], _metrics.Values("inference.replay.resumption.failures"));
        Assert.StartsWith("Replays that were interrupted could not be asked to go on", Assert.Single(_log.Messages), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExecuteAsync_ModelsCannotBeLoaded_AsksNobody()
    {
        _startup.Loaded.SetException(new InferenceStartupException("on purpose"));
        await _resumption.StartAsync(CancellationToken.None);

        await _resumption.ExecuteTask!.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        Assert.Equal(0, _roster.Asked);
    }

    [Fact]
    public async Task StopAsync_RosterHangs_EndsAtOnce()
    {
        _roster.Hangs = true;
        _startup.Loaded.SetResult();
        await _resumption.StartAsync(CancellationToken.None);
        await _roster.NextAsync();

        await _resumption.StopAsync(CancellationToken.None).WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        Assert.Empty(_metrics.Values("inference.replay.resumption.failures"));
    }

    public async ValueTask DisposeAsync()
    {
        await _resumption.StopAsync(CancellationToken.None);
        _resumption.Dispose();
        _metrics.Dispose();
    }

    private sealed class FakeStartup : IInferenceStartup
    {
        public TaskCompletionSource Loaded { get; } = new();

        public Task Completion => Loaded.Task;
    }

    private sealed class FakeRoster : IReplayRosterGrain
    {
        private readonly Channel<int> _calls = Channel.CreateUnbounded<int>();
        private int _asked;

        public int Asked => Volatile.Read(ref _asked);

        public int Faults { get; set; }

        public bool Hangs { get; set; }

        public async Task NextAsync() => await _calls.Reader.ReadAsync().AsTask().WaitAsync(Gate.Patience);

        public Task<ReplayReport> StartAsync(ReplayQuery query) => throw new NotSupportedException();

        public Task ResumeAsync()
        {
            var asked = Interlocked.Increment(ref _asked);
            _calls.Writer.TryWrite(asked);
            if (Hangs) return new TaskCompletionSource().Task;
            return asked <= Faults ? Task.FromException(new InferenceException(InferenceErrorCode.StorageUnavailable, "on purpose")) : Task.CompletedTask;
        }
    }
}

/// <summary>A grain factory that knows the roster and nothing else.</summary>
public class RosterOnly : DispatchProxy
{
    /// <summary>The roster.</summary>
    public IReplayRosterGrain? Roster { get; set; }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => Roster;
}
