using System.Threading.Channels;
using Grpc.Core;
using OrleansInference.Api.Grpc;
using UnitTests.Fakes;

namespace UnitTests.Api.Grpc;

public sealed class StreamAnswersTests
{
    private readonly FakeStreamReader _requests = new();
    private readonly FakeStreamWriter _responses = new();

    [Fact]
    public async Task RunAsync_LaterRequestIsDoneFirst_IsAnsweredFirst()
    {
        var answers = new[] { NewAnswer(), NewAnswer() };
        _requests.Send(0, 1);
        _requests.Complete();
        var running = RunAsync(concurrency: 2, (request, _) => answers[request].Task);

        answers[1].SetResult(1);
        Assert.Equal(1, await _responses.ReadAsync());
        answers[0].SetResult(0);

        Assert.Equal(0, await _responses.ReadAsync());
        await running.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task RunAsync_AsManyUnderWayAsAllowed_ReadsNoFurther()
    {
        var answers = new[] { NewAnswer(), NewAnswer(), NewAnswer() };
        var begun = Channel.CreateUnbounded<int>();
        _requests.Send(0, 1, 2);
        _requests.Complete();
        var running = RunAsync(concurrency: 2, (request, _) =>
        {
            begun.Writer.TryWrite(request);
            return answers[request].Task;
        });

        Assert.Equal((0, 1), (await begun.Reader.ReadAsync(TestContext.Current.CancellationToken), await begun.Reader.ReadAsync(TestContext.Current.CancellationToken)));
        Assert.Equal(1, _requests.Waiting);
        answers[1].SetResult(1);

        Assert.Equal(2, await begun.Reader.ReadAsync(TestContext.Current.CancellationToken));
        answers[0].SetResult(0);
        answers[2].SetResult(2);
        await running.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task RunAsync_RandomDurations_AnswersEachOnceUnderItsIndex()
    {
        const int Count = 500;
        _requests.Send([.. Enumerable.Range(0, Count)]);
        _requests.Complete();
        var underWay = 0;
        var most = 0;

        await RunAsync(concurrency: 8, async (request, index) =>
        {
            Assert.Equal(request, index);
            var now = Interlocked.Increment(ref underWay);
            InterlockedMax(ref most, now);
            for (var i = 0; i < request % 7; i++) await Task.Yield();
            Interlocked.Decrement(ref underWay);
            return request;
        }).WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(0, Count), (await _responses.ReadAllAsync(Count)).Order());
        Assert.InRange(most, 1, 8);
        Assert.False(_responses.Overlapped);
    }

    [Fact]
    public async Task RunAsync_AnswerThrows_EndsTheStream()
    {
        _requests.Send(0);
        _requests.Complete();

        await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(concurrency: 2, (_, _) => throw new InvalidOperationException()).WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task RunAsync_Cancelled_EndsWhileItWaits()
    {
        using var leave = new CancellationTokenSource();
        var running = StreamAnswers.RunAsync(_requests, _responses, 2, (request, _) => Task.FromResult(request), leave.Token);

        await leave.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task RunAsync_WriteFails_ReadsNoFurther()
    {
        _responses.Fault = new IOException("gone");
        _requests.Send(0);
        var running = RunAsync(concurrency: 1, (request, _) => Task.FromResult(request));

        await Assert.ThrowsAnyAsync<Exception>(() => running.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));
    }

    private Task RunAsync(int concurrency, Func<int, long, Task<int>> answer) =>
        StreamAnswers.RunAsync(_requests, _responses, concurrency, answer, TestContext.Current.CancellationToken);

    private static TaskCompletionSource<int> NewAnswer() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static void InterlockedMax(ref int most, int now)
    {
        for (var seen = most; now > seen; seen = most) Interlocked.CompareExchange(ref most, now, seen);
    }

    private sealed class FakeStreamReader : IAsyncStreamReader<int>
    {
        private readonly Channel<int> _requests = Channel.CreateUnbounded<int>();

        public int Current { get; private set; }

        public int Waiting => _requests.Reader.Count;

        public void Send(params int[] requests) => Assert.All(requests, request => Assert.True(_requests.Writer.TryWrite(request)));

        public void Complete() => _requests.Writer.Complete();

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            if (!await _requests.Reader.WaitToReadAsync(cancellationToken)) return false;
            Current = await _requests.Reader.ReadAsync(cancellationToken);
            return true;
        }
    }

    private sealed class FakeStreamWriter : IServerStreamWriter<int>
    {
        private readonly Channel<int> _responses = Channel.CreateUnbounded<int>();
        private int _writing;

        public WriteOptions? WriteOptions { get; set; }

        public Exception? Fault { get; set; }

        public bool Overlapped { get; private set; }

        public Task WriteAsync(int message) => WriteAsync(message, CancellationToken.None);

        public async Task WriteAsync(int message, CancellationToken cancellationToken)
        {
            if (Fault is not null) throw Fault;
            Overlapped |= Interlocked.Increment(ref _writing) > 1;
            await Task.Yield();
            _responses.Writer.TryWrite(message);
            Interlocked.Decrement(ref _writing);
        }

        public Task<int> ReadAsync() => _responses.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Gate.Patience);

        public async Task<List<int>> ReadAllAsync(int count)
        {
            var all = new List<int>();
            for (var i = 0; i < count; i++) all.Add(await ReadAsync());
            return all;
        }
    }
}
