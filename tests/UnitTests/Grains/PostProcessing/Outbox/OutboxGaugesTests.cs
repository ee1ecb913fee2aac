using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains.PostProcessing.Outbox;
using UnitTests.Fakes;

namespace UnitTests.Grains.PostProcessing.Outbox;

public sealed class OutboxGaugesTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly RecordedMetrics _metrics = new();
    private readonly FakeOutbox _outbox;

    public OutboxGaugesTests() => _outbox = new FakeOutbox(_time, new OutboxSignal());

    public void Dispose() => _metrics.Dispose();

    [Fact]
    public async Task Gauges_Counted_AreByTargetAndTheAgeGoesOn()
    {
        await CountAsync(new OutboxLevel("desk", 3, 1, _time.GetUtcNow()));
        _time.Advance(TimeSpan.FromSeconds(5));

        _metrics.Collect();

        Assert.Equal((3.0, 1.0, 5.0), (Last("waiting"), Last("dead"), Last("oldest.age")));
        Assert.Equal(["desk"], _metrics.Tags("inference.outbox.waiting", "target"));
    }

    [Fact]
    public async Task Gauges_TargetIsEmptyAgain_ShowZero()
    {
        await CountAsync(new OutboxLevel("desk", 3, 1, _time.GetUtcNow()));
        await CountAsync();

        _metrics.Collect();

        Assert.Equal((0.0, 0.0, 0.0), (Last("waiting"), Last("dead"), Last("oldest.age")));
    }

    [Fact]
    public async Task Gauges_OutboxUnreadable_KeepWhatWasCountedLast()
    {
        await CountAsync(new OutboxLevel("desk", 3, 1, _time.GetUtcNow()));
        await RunAsync(() => Task.FromException<IReadOnlyList<OutboxLevel>>(new InferenceException(InferenceErrorCode.StorageUnavailable, "on purpose")));

        _metrics.Collect();

        Assert.Equal(3.0, Last("waiting"));
    }

    private double Last(string gauge) => _metrics.Values($"inference.outbox.{gauge}")[^1];

    private Task CountAsync(params OutboxLevel[] levels) => RunAsync(() => Task.FromResult<IReadOnlyList<OutboxLevel>>(levels));

    // One look, as at the start.
    private async Task RunAsync(Func<Task<IReadOnlyList<OutboxLevel>>> read)
    {
        var looked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _outbox.OnReadLevels = async () =>
        {
            try
            {
                return await read();
            }
            finally
            {
                looked.TrySetResult();
            }
        };
        using var gauges = new OutboxGauges(_outbox, _time, _metrics.Instruments, NullLogger<OutboxGauges>.Instance);
        await gauges.StartAsync(CancellationToken.None);
        await looked.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        await gauges.StopAsync(CancellationToken.None);
    }
}
