using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Threading.Channels;
using Orleans.Runtime;
using OrleansInference;
using UnitTests.Fakes;

namespace UnitTests.Abstractions;

/// <summary>What a dying silo left unanswered is asked again under the same id, and in no other case.</summary>
public sealed class PredictionAttemptsTests
{
    private static readonly PredictionRequest Request = new() { PredictionId = Guid.CreateVersion7(), UserId = "42" };

    private readonly TimerSignalTimeProvider _time = new();

    [Fact]
    public async Task PredictAsync_Answered_AsksOnce()
    {
        var user = new FakeUserGrain(_ => Task.FromResult(Prediction()));

        await PredictAsync(user);

        Assert.False(Assert.Single(user.Requests).MayBeRecorded);
    }

    [Fact]
    public async Task PredictAsync_SiloDied_AsksAgainUnderTheSameId()
    {
        var user = new FakeUserGrain(call => call == 1 ? throw new SiloUnavailableException() : Task.FromResult(Prediction()));

        await PredictAsync(user);

        Assert.Equal([(Request.PredictionId, false), (Request.PredictionId, true)], user.Requests.Select(request => (request.PredictionId, request.MayBeRecorded)));
    }

    [Fact]
    public async Task PredictAsync_NoAnswerWithinTheAttempt_AsksBesideItAndTakesTheFirstAnswer()
    {
        var (first, second) = (new TaskCompletionSource<Prediction>(), new TaskCompletionSource<Prediction>());
        var user = new FakeUserGrain(call => call == 1 ? first.Task : second.Task);
        var answer = PredictAsync(user);

        _time.Advance(TimeSpan.FromSeconds(10));
        await user.AskedAsync(times: 2);
        var prediction = Prediction();
        first.SetResult(prediction);

        Assert.Same(prediction, await answer);
        Assert.True(user.Requests[1].MayBeRecorded);
    }

    [Fact]
    public async Task PredictAsync_FirstAttemptDiesBesideTheSecond_WaitsForTheSecond()
    {
        var (first, second) = (new TaskCompletionSource<Prediction>(), new TaskCompletionSource<Prediction>());
        var user = new FakeUserGrain(call => call == 1 ? first.Task : second.Task);
        var answer = PredictAsync(user);
        _time.Advance(TimeSpan.FromSeconds(10));
        await user.AskedAsync(times: 2);

        first.SetException(new SiloUnavailableException());
        second.SetResult(Prediction());

        await answer;
        Assert.Equal(2, user.Requests.Count);
    }

    [Theory]
    [InlineData(InferenceErrorCode.InvalidInput)]
    [InlineData(InferenceErrorCode.StorageUnavailable)]
    [InlineData(InferenceErrorCode.QueueFull)]
    [InlineData(InferenceErrorCode.ModelFailed)]
    public async Task PredictAsync_Refused_IsToldAtOnce(InferenceErrorCode code)
    {
        var user = new FakeUserGrain(_ => throw new InferenceException(code, "on purpose"));

        Assert.Equal(code, (await Assert.ThrowsAsync<InferenceException>(() => PredictAsync(user))).Code);
        Assert.Single(user.Requests);
    }

    [Fact]
    public async Task PredictAsync_NotReadyTwice_IsTold()
    {
        var user = new FakeUserGrain(_ => throw new InferenceException(InferenceErrorCode.NotReady, "on purpose"));

        await Assert.ThrowsAsync<InferenceException>(() => PredictAsync(user));

        Assert.Equal(2, user.Requests.Count);
    }

    // The user's new activation may meet what the dead silo still recorded.
    [Fact]
    public async Task PredictAsync_SiloDiedAndUserMoved_AsksAThirdTime()
    {
        var user = new FakeUserGrain(call => call switch
        {
            1 => throw new SiloUnavailableException(),
            2 => throw new InferenceException(InferenceErrorCode.NotReady, "on purpose"),
            _ => Task.FromResult(Prediction()),
        });
        var answer = PredictAsync(user);

        await _time.NextTimerAsync();
        _time.Advance(TimeSpan.FromSeconds(1));

        await answer;
        Assert.Equal(3, user.Requests.Count);
    }

    [Fact]
    public async Task PredictAsync_SilosGoneForTooLong_IsTold()
    {
        var user = new FakeUserGrain(_ =>
        {
            _time.Advance(TimeSpan.FromSeconds(31));
            throw new SiloUnavailableException();
        });

        await Assert.ThrowsAsync<SiloUnavailableException>(() => PredictAsync(user));

        Assert.Single(user.Requests);
    }

    [Fact]
    public async Task PredictAsync_DeadlineSet_AsksAfterEachThirdOfItAndGivesUpAtItsEnd()
    {
        var user = new FakeUserGrain(_ => new TaskCompletionSource<Prediction>().Task);
        var answer = PredictAsync(user, new PredictionAttemptOptions { Deadline = TimeSpan.FromSeconds(6) });

        for (var attempt = 1; attempt <= 3; attempt++)
        {
            await _time.NextTimerAsync();
            _time.Advance(TimeSpan.FromSeconds(2));
        }

        var failure = await Assert.ThrowsAsync<InferenceException>(() => answer);
        Assert.Equal(InferenceErrorCode.DeadlineExceeded, failure.Code);
        Assert.Contains("6000 ms that Inference:Predictions:Deadline allowed", failure.Message, StringComparison.Ordinal);
        Assert.Equal(3, user.Requests.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public async Task PredictAsync_CallerHasNoTime_AsksNobody(int ms)
    {
        var user = new FakeUserGrain(_ => Task.FromResult(Prediction()));

        var failure = await Assert.ThrowsAsync<InferenceException>(() => PredictAsync(user, request: Request with { Timeout = TimeSpan.FromMilliseconds(ms) }));

        Assert.Equal(InferenceErrorCode.DeadlineExceeded, failure.Code);
        Assert.Empty(user.Requests);
    }

    [Fact]
    public async Task PredictAsync_RefusedInTheMomentInWhichTheAttemptEnds_IsTheRefusal()
    {
        var first = new TaskCompletionSource<Prediction>();
        var user = new FakeUserGrain(_ => first.Task);
        var answer = PredictAsync(user, new PredictionAttemptOptions { AttemptTimeout = TimeSpan.FromMilliseconds(200) });

        // Before whoever waits has seen that its time is up.
        await _time.NextTimerAsync();
        _time.Advance(TimeSpan.FromMilliseconds(200));
        first.SetException(new InferenceException(InferenceErrorCode.StorageUnavailable, "on purpose"));

        Assert.Equal("on purpose", (await Assert.ThrowsAsync<InferenceException>(() => answer)).Message);
    }

    [Fact]
    public async Task PredictAsync_TimeOfTheCaller_IsHandedDownWithWhatIsLeft()
    {
        var user = new FakeUserGrain(_ => new TaskCompletionSource<Prediction>().Task);
        var answer = PredictAsync(user, request: Request with { Timeout = TimeSpan.FromMilliseconds(300) });

        for (var attempt = 1; attempt <= 3; attempt++)
        {
            await _time.NextTimerAsync();
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }

        Assert.Contains("300 ms that its caller allowed", (await Assert.ThrowsAsync<InferenceException>(() => answer)).Message, StringComparison.Ordinal);
        Assert.Equal([300, 200, 100], user.Requests.Select(request => request.Timeout!.Value.TotalMilliseconds));
    }

    [Fact]
    public async Task PredictAsync_AttemptTimeoutSet_AsksAfterIt()
    {
        var user = new FakeUserGrain(call => call == 1 ? new TaskCompletionSource<Prediction>().Task : Task.FromResult(Prediction()));
        var answer = PredictAsync(user, new PredictionAttemptOptions { AttemptTimeout = TimeSpan.FromMilliseconds(200) });

        _time.Advance(TimeSpan.FromMilliseconds(200));

        await answer;
        Assert.Equal(2, user.Requests.Count);
    }

    [Theory]
    [InlineData("00:00:00", null, "Deadline is 00:00:00. Set it to 00:00:00.0100000 to 00:00:30.")]
    [InlineData("00:00:05", "00:00:06", "AttemptTimeout is 00:00:06. Set it to 00:00:00.0100000 to Deadline = 00:00:05, or leave it out for a third of that.")]
    public void Options_OutOfRange_NameTheValueAndTheRemedy(string deadline, string? attempt, string expected)
    {
        var options = new PredictionAttemptOptions
        {
            Deadline = TimeSpan.Parse(deadline, CultureInfo.InvariantCulture),
            AttemptTimeout = attempt is null ? null : TimeSpan.Parse(attempt, CultureInfo.InvariantCulture),
        };

        Assert.Equal(expected, Assert.Single(options.Validate(new ValidationContext(options))).ErrorMessage);
    }

    [Fact]
    public async Task PredictAsync_CallerLeft_EndsAtOnce()
    {
        using var caller = new CancellationTokenSource();
        var user = new FakeUserGrain(_ => new TaskCompletionSource<Prediction>().Task);
        var answer = new PredictionAttempts(new PredictionAttemptOptions(), _time).PredictAsync(user, Request, caller.Token);

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
    }

    private static Prediction Prediction() =>
        new() { PredictionId = Request.PredictionId, Value = 0.5, Info = "", Model = "fraud", ModelVersion = 1, Degraded = false };

    private Task<Prediction> PredictAsync(FakeUserGrain user, PredictionAttemptOptions? options = null, PredictionRequest? request = null) =>
        new PredictionAttempts(options ?? new PredictionAttemptOptions(), _time).PredictAsync(user, request ?? Request, CancellationToken.None);

    private sealed class FakeUserGrain(Func<int, Task<Prediction>> answer) : IUserGrain
    {
        private readonly Channel<int> _asked = Channel.CreateUnbounded<int>();

        public List<PredictionRequest> Requests { get; } = [];

        public Task<Prediction> PredictAsync(PredictionRequest request, CancellationToken cancellationToken)
        {
            Requests.Add(request);
            _asked.Writer.TryWrite(Requests.Count);
            return Answer(Requests.Count);
        }

        public Task<UserState> GetStateAsync() => throw new NotSupportedException();

        public Task<FeaturePushResult> PushFeaturesAsync(string view, FeaturePush push, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task InvalidateFeaturesAsync(string view, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<PrefetchedFeatures> PrefetchAsync(string? model, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<UserErasure> EraseAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public async Task AskedAsync(int times)
        {
            while (await _asked.Reader.ReadAsync().AsTask().WaitAsync(Gate.Patience) < times)
            {
            }
        }

        private async Task<Prediction> Answer(int call) => await answer(call);
    }
}
