using System.Collections.Concurrent;
using IntegrationTests.Infrastructure;
using OrleansInference;

namespace IntegrationTests.Serving;

/// <summary>Many callers at once, each of whom must get the answer to what they asked, and exactly one.</summary>
/// <remarks>Every row sent is another one, so that a crossed answer shows.</remarks>
public sealed class FuzzTests : IDisposable
{
    private const int InFlight = 512;
    private const int MostRows = 100;
    private const int Width = 4;

    private static readonly int Requests = Soak.Rounds(inEachRun: 20_000, whole: 100_000);

    private readonly TestDirectory _directory = new();
    private readonly ConcurrentDictionary<string, int> _outcomes = [];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Infer_ManyOfRandomRowCounts_EachGetsItsOwnRows()
    {
        await using var server = await StartAsync("""{ "batching": { "maxQueueLength": 100000 } }""");

        await SendAllAsync(server.Client, (_, i) => EchoAsync(server.Client, Request(i), CancellationToken.None));

        Assert.Equal(Requests, _outcomes["ok"]);
    }

    [Fact]
    public async Task Infer_OverCapacity_IsAnsweredOrRefusedAtOnce()
    {
        await using var server = await StartAsync("""{ "batching": { "maxQueueLength": 2000 } }""");

        await SendAllAsync(server.Client, (_, i) => EchoAsync(server.Client, Request(i), CancellationToken.None));

        Assert.Equal(Requests, Count("ok") + Count("QueueFull"));
        Assert.True(Count("ok") > 0 && Count("QueueFull") > 0, Outcomes);
    }

    [Fact]
    public async Task Infer_RandomCancellationsAndDeadlines_EachEndsOnceAndTheQueueIsEmpty()
    {
        await using var server = await StartAsync("""{ "batching": { "maxQueueLength": 100000 } }""");

        await SendAllAsync(server.Client, async (random, i) =>
        {
            using var leave = new CancellationTokenSource();
            if (random.Next(4) == 0) leave.CancelAfter(TimeSpan.FromMilliseconds(random.Next(10)));
            var timeout = random.Next(4) == 0 ? TimeSpan.FromMilliseconds(random.Next(1, 10)) : (TimeSpan?)null;
            await EchoAsync(server.Client, Request(i) with { Timeout = timeout }, leave.Token);
        });

        Assert.Equal(Requests, Count("ok") + Count("cancelled") + Count("DeadlineExceeded"));
        Assert.True(Count("ok") > 0 && Count("cancelled") > 0 && Count("DeadlineExceeded") > 0, Outcomes);
        await EchoAsync(server.Client, Request(0), CancellationToken.None);
    }

    private string Outcomes => string.Join(", ", _outcomes.Select(outcome => $"{outcome.Value} {outcome.Key}"));

    private int Count(string outcome) => _outcomes.GetValueOrDefault(outcome);

    private Task<InProcessServer> StartAsync(string manifest)
    {
        var models = _directory.CopyTestModels("identity");
        TestModels.WriteManifest(models, "identity", manifest);
        return InProcessServer.StartAsync(_directory, [$"Inference:ModelRepository:Path={models}"]);
    }

    private static async Task SendAllAsync(IInferenceClient client, Func<Random, int, Task> send)
    {
        await client.InferAsync("identity", Request(0));
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, InFlight).Select(caller => Task.Run(async () =>
        {
            var random = new Random(caller);
            for (int i; (i = Interlocked.Increment(ref next)) < Requests;) await send(random, i);
        })));
    }

    private async Task EchoAsync(IInferenceClient client, InferenceRequest request, CancellationToken leave)
    {
        var outcome = "ok";
        try
        {
            var response = await client.InferAsync("identity", request, leave);
            Assert.Equal(request.Inputs[0].Shape, response.Outputs[0].Shape);
            Assert.True(request.Inputs[0].Data.AsSpan().SequenceEqual(response.Outputs[0].Data), "The answer is another caller's.");
        }
        catch (InferenceException e)
        {
            outcome = e.Code.ToString();
        }
        catch (OperationCanceledException) when (leave.IsCancellationRequested)
        {
            outcome = "cancelled";
        }

        _outcomes.AddOrUpdate(outcome, 1, (_, count) => count + 1);
    }

    private static InferenceRequest Request(int i)
    {
        // Bit patterns of two counters: whatever number they are as floats, the model must hand them on as they came.
        var rows = new Random(i).Next(1, MostRows + 1);
        var values = new int[rows * Width];
        for (var at = 0; at < values.Length; at++) values[at] = at % 2 == 0 ? i : at;
        return new InferenceRequest { Inputs = [Tensor.Create<int>("x", TensorDatatype.FP32, [rows, Width], values)] };
    }
}
