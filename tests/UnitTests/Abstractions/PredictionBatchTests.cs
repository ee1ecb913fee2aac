using Microsoft.Extensions.Time.Testing;
using OrleansInference;

namespace UnitTests.Abstractions;

public sealed class PredictionBatchTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Dictionary<PredictionRequest, TaskCompletionSource<Prediction>> _asked = [];

    [Fact]
    public async Task RunAsync_ManyUsers_AreAskedAtOnceAndAnsweredInTheirPlaces()
    {
        var requests = Enumerable.Range(0, IInferenceClient.MaxBatch).Select(i => Request($"{i}")).ToArray();
        var run = RunAsync(requests);
        Assert.Equal(requests.Length, _asked.Count);

        foreach (var request in requests.Reverse()) Answer(request);

        Assert.Equal(requests.Select(request => request.PredictionId), (await run).Select(result => result.Prediction!.PredictionId));
    }

    [Fact]
    public async Task RunAsync_OneUser_IsAskedInOrder()
    {
        var requests = new[] { Request("1"), Request("2"), Request("1") };
        var run = RunAsync(requests);
        Assert.Equal(requests[..2], _asked.Keys);

        Answer(requests[0]);
        Assert.Equal(3, _asked.Count);

        Answer(requests[1]);
        Answer(requests[2]);
        Assert.All(await run, result => Assert.True(result.IsSuccess));
    }

    [Fact]
    public async Task RunAsync_OneFails_TheOthersAreAnswered()
    {
        var requests = new[] { Request("1"), Request("2"), Request("1") };
        var run = RunAsync(requests);
        _asked[requests[0]].SetException(new InferenceException(InferenceErrorCode.ModelFailed, "on purpose"));
        Assert.Equal(3, _asked.Count);
        Answer(requests[1]);
        Answer(requests[2]);

        var results = await run;

        Assert.Equal([false, true, true], results.Select(result => result.IsSuccess));
        Assert.Equal("on purpose", results[0].Failure!.Message);
    }

    [Fact]
    public async Task RunAsync_TimeOfTheCaller_IsHandedDownWithWhatIsLeft()
    {
        var requests = Enumerable.Range(0, 3).Select(_ => Request("1") with { Timeout = TimeSpan.FromSeconds(1) }).ToArray();
        var run = RunAsync(requests);
        _time.Advance(TimeSpan.FromMilliseconds(300));
        _asked.Values.Single().SetResult(Prediction(requests[0]));
        Assert.Equal(TimeSpan.FromMilliseconds(700), _asked.Keys.Last().Timeout);
        _time.Advance(TimeSpan.FromMilliseconds(700));
        _asked.Values.Last().SetResult(Prediction(requests[1]));

        Assert.Equal(TimeSpan.Zero, _asked.Keys.Last().Timeout);
        _asked.Values.Last().SetResult(Prediction(requests[2]));
        await run;
    }

    [Fact]
    public async Task RunAsync_CallerLeaves_IsCancelled()
    {
        using var caller = new CancellationTokenSource();
        var run = new PredictionBatch([Request("1"), Request("1")], (_, token) => Task.Delay(Timeout.Infinite, token).ContinueWith<Prediction>(_ => throw new OperationCanceledException(token)), _time)
            .RunAsync(caller.Token);

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    [Fact]
    public async Task RunAsync_TooMany_AsksNobody()
    {
        var fault = await Assert.ThrowsAsync<InferenceException>(() => RunAsync([.. Enumerable.Range(0, IInferenceClient.MaxBatch + 1).Select(i => Request($"{i}"))]));

        Assert.Equal("instances", Assert.Single(fault.Fields).Field);
        Assert.Empty(_asked);
    }

    private static PredictionRequest Request(string user) => new() { UserId = user, PredictionId = Guid.CreateVersion7() };

    private static Prediction Prediction(PredictionRequest request) =>
        new() { PredictionId = request.PredictionId, Value = 0, Info = "", Model = "fraud", ModelVersion = 1, Degraded = false };

    private void Answer(PredictionRequest request) => _asked[request].SetResult(Prediction(request));

    private Task<IReadOnlyList<PredictionResult>> RunAsync(PredictionRequest[] requests) => new PredictionBatch(
        requests,
        (request, _) =>
        {
            var answer = new TaskCompletionSource<Prediction>();
            _asked.Add(request, answer);
            return answer.Task;
        },
        _time).RunAsync(CancellationToken.None);
}
