using OrleansInference;
using OrleansInference.Grains.Models.Batching;

namespace IntegrationTests.Serving;

/// <summary>Many random requests at once, on the real runtime: whatever happens to one, no answer is crossed and none is lost.</summary>
public sealed class BatchingFuzzTests
{
    private const int InFlight = 512;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task InferAsync_RandomRowCounts_NoAnswerIsCrossed()
    {
        // The delay has requests joined however fast the thread is.
        using var served = new ServedTestModel("identity", new BatchingOptions { MaxBatchSize = 64, MaxQueueLength = 1_000_000, MaxQueueDelay = TimeSpan.FromMilliseconds(1) });
        var outcomes = await SendAsync(100_000, InFlight, async (id, random) => await EchoAsync(served, Request(id, random), CancellationToken.None));

        Assert.Equal(100_000, outcomes.Count(Outcome.Echoed));
        var statistics = served.Version.Statistics;
        Assert.True(statistics.ExecutionCount < 100_000, $"{statistics.ExecutionCount} runs: nothing was joined");
        await AssertAtRestAsync(served, outcomes);
    }

    [Fact]
    public async Task InferAsync_OverCapacity_AnswersAndRejectionsAreWhatWasSent()
    {
        using var served = new ServedTestModel("identity", new BatchingOptions { MaxBatchSize = 16, MaxQueueLength = 256 });
        var outcomes = await SendAsync(100_000, InFlight, async (id, random) => await EchoAsync(served, Request(id, random), CancellationToken.None));

        Assert.Equal(100_000, outcomes.Count(Outcome.Echoed) + outcomes.Count(Outcome.Rejected));
        Assert.True(outcomes.Count(Outcome.Rejected) > 0, "the queue was never full");
        await AssertAtRestAsync(served, outcomes);
    }

    [Fact]
    public async Task InferAsync_RandomCancellationsAndDeadlines_EveryRequestEndsOnceAndCountersReturnToZero()
    {
        using var served = new ServedTestModel("identity", new BatchingOptions { MaxBatchSize = 16, MaxQueueLength = 2_000, MaxQueueDelay = TimeSpan.FromMilliseconds(1) });
        var outcomes = await SendAsync(50_000, InFlight, async (id, random) =>
        {
            var request = Request(id, random);
            if (random.Next(3) == 0) request = request with { Timeout = TimeSpan.FromTicks(random.Next(5 * (int)TimeSpan.TicksPerMillisecond)) };
            if (random.Next(3) != 0) return await EchoAsync(served, request, CancellationToken.None);

            using var leaving = new CancellationTokenSource();
            var echo = EchoAsync(served, request, leaving.Token);
            for (var yields = random.Next(20); yields > 0; yields--) await Task.Yield();
            await leaving.CancelAsync();
            return await echo;
        });

        Assert.Equal(50_000, outcomes.Total);
        Assert.True(outcomes.Count(Outcome.Cancelled) > 0 && outcomes.Count(Outcome.Expired) > 0 && outcomes.Count(Outcome.Echoed) > 0, outcomes.ToString());
        await AssertAtRestAsync(served, outcomes);
    }

    // A constant number in flight; each request has its own seed, so that a failure names what to repeat.
    private static async Task<Outcomes> SendAsync(int count, int inFlight, Func<int, Random, Task<Outcome>> send)
    {
        var outcomes = new Outcomes();
        var next = -1;
        async Task Loop()
        {
            while (Interlocked.Increment(ref next) is var id && id < count) outcomes.Add(await send(id, new Random(id)));
        }

        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => Task.Run(Loop))).WaitAsync(Patience, TestContext.Current.CancellationToken);
        return outcomes;
    }

    // Mostly small ones, now and then none, or more than a batch holds.
    private static int Rows(Random random) => random.Next(100) switch
    {
        0 => 0,
        1 => random.Next(65, 200),
        _ => random.Next(1, 9),
    };

    private static InferenceRequest Request(int id, Random random) => new()
    {
        Inputs = [ServedTestModel.Floats("x", Rows(random), 4, id)],
        Priority = random.Next(4) == 0 ? InferencePriority.Bulk : InferencePriority.Interactive,
    };

    private static async Task<Outcome> EchoAsync(ServedTestModel served, InferenceRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var response = await served.Version.InferAsync(request, cancellationToken);
            var (sent, came) = (request.Inputs.Single(), response.Outputs.Single());
            return came.Shape.SequenceEqual(sent.Shape) && came.Data.AsSpan().SequenceEqual(sent.Data) ? Outcome.Echoed : Outcome.Crossed;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Outcome.Cancelled;
        }
        catch (InferenceException e) when (e.Code is InferenceErrorCode.QueueFull && e.RetryAfter > TimeSpan.Zero)
        {
            return Outcome.Rejected;
        }
        catch (InferenceException e) when (e.Code is InferenceErrorCode.DeadlineExceeded && request.Timeout is not null)
        {
            return Outcome.Expired;
        }
    }

    private static async Task AssertAtRestAsync(ServedTestModel served, Outcomes outcomes)
    {
        Assert.Equal(0, outcomes.Count(Outcome.Crossed));
        await served.Version.RetireAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal((0, 0), (served.Version.Batcher.WaitingRows, served.Version.Batcher.RunningCount));

        // Each answer is counted once; who left before being queued is not counted at all.
        var statistics = served.Version.Statistics;
        Assert.Equal(outcomes.Count(Outcome.Echoed), statistics.Success.Count);
        Assert.InRange(statistics.Fail.Count, 0, outcomes.Count(Outcome.Cancelled) + outcomes.Count(Outcome.Expired));
    }

    private enum Outcome
    {
        Echoed,
        Crossed,
        Rejected,
        Cancelled,
        Expired,
    }

    private sealed class Outcomes
    {
        private readonly int[] _counts = new int[Enum.GetValues<Outcome>().Length];

        public int Total => _counts.Sum();

        public void Add(Outcome outcome) => Interlocked.Increment(ref _counts[(int)outcome]);

        public int Count(Outcome outcome) => _counts[(int)outcome];

        public override string ToString() => string.Join(", ", Enum.GetValues<Outcome>().Select(outcome => $"{outcome} {Count(outcome)}"));
    }
}
