using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansInference;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.PostProcessing.Retention;
using UnitTests.Fakes;

namespace UnitTests.Grains.PostProcessing.Retention;

public sealed class RetentionServiceTests : IAsyncDisposable
{
    private static readonly RetentionCursor Second = new("fraud", DateTimeOffset.UnixEpoch.AddDays(1), Guid.NewGuid());

    private readonly TimerSignalTimeProvider _time = new();
    private readonly FakeRetention _retention = new();
    private RetentionService? _service;

    [Fact]
    public async Task ExecuteAsync_AgesConfigured_DeletesWhatIsOlderPageByPage()
    {
        _retention.Pages.Enqueue((500, Second));
        _retention.Pages.Enqueue((3, null));
        await StartAsync(new RetentionOptions { Predictions = TimeSpan.FromDays(30) });

        var now = _time.GetUtcNow();
        Assert.Equal($"messages {now.AddDays(-7):O} {now.AddDays(-90):O}", await _retention.NextAsync());
        Assert.Equal($"predictions {now.AddDays(-30):O} {RetentionCursor.Start}", await _retention.NextAsync());
        await _time.NextTimerAsync();
        _time.Advance(TimeSpan.FromMilliseconds(20));
        Assert.Equal($"predictions {now.AddDays(-30):O} {Second}", await _retention.NextAsync());
    }

    [Fact]
    public async Task ExecuteAsync_NoAgeOfPredictions_KeepsThem()
    {
        await StartAsync(new RetentionOptions());
        await _retention.NextAsync();
        await _time.NextTimerAsync();

        _time.Advance(TimeSpan.FromHours(1));

        Assert.StartsWith("messages", await _retention.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExecuteAsync_DatabaseFails_LooksAgainAtTheNextInterval()
    {
        _retention.Faults = 1;
        await StartAsync(new RetentionOptions());
        await _retention.NextAsync();
        await _time.NextTimerAsync();

        _time.Advance(TimeSpan.FromHours(1));

        Assert.StartsWith("messages", await _retention.NextAsync(), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        if (_service is null) return;
        await _service.StopAsync(CancellationToken.None);
        _service.Dispose();
    }

    private Task StartAsync(RetentionOptions options)
    {
        _service = new RetentionService(_retention, new FeatureSources([]), Options.Create(options), _time, FakeMeterFactory.Instruments, NullLogger<RetentionService>.Instance);
        return _service.StartAsync(CancellationToken.None);
    }

    private sealed class FakeRetention : IRetention
    {
        private readonly Channel<string> _calls = Channel.CreateUnbounded<string>();

        public Queue<(int Deleted, RetentionCursor? Next)> Pages { get; } = new();

        public int Faults { get; set; }

        public async Task<string> NextAsync() => await _calls.Reader.ReadAsync().AsTask().WaitAsync(Gate.Patience);

        public Task<(int Deleted, RetentionCursor? Next)> DeletePredictionsAsync(DateTimeOffset before, DateTimeOffset windowsFrom, RetentionCursor from, int most, CancellationToken cancellationToken)
        {
            _calls.Writer.TryWrite($"predictions {before:O} {from}");
            return Task.FromResult(Pages.TryDequeue(out var page) ? page : (0, null));
        }

        public Task<int> DeleteMessagesAsync(DateTimeOffset deliveredBefore, DateTimeOffset deadBefore, int most, CancellationToken cancellationToken)
        {
            _calls.Writer.TryWrite($"messages {deliveredBefore:O} {deadBefore:O}");
            return --Faults >= 0 ? throw new InferenceException(InferenceErrorCode.StorageUnavailable, "on purpose") : Task.FromResult(0);
        }
    }
}
