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

    private Task<Prediction> PredictAsync(FakeUserGrain user) => new PredictionAttempts(new PredictionAttemptOptions(), _time).PredictAsync(user, Request, CancellationToken.None);

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
