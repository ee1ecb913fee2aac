using System.Diagnostics;

namespace OrleansInference.ModelLoading;

/// <summary>One request: when it was due, and when its answer was there.</summary>
internal readonly record struct Sample(long DueAt, long AnsweredAt)
{
    public double Milliseconds => Stopwatch.GetElapsedTime(DueAt, AnsweredAt).TotalMilliseconds;
}

/// <summary>Single-row requests to one model.</summary>
internal sealed class Traffic(IInferenceClient client, string model)
{
    private static readonly InferenceRequest Request = new()
    {
        Inputs = [Tensor.Create<float>("x", TensorDatatype.FP32, [1, 32], [.. Enumerable.Range(0, 32).Select(i => i / 32f)])],
    };

    /// <summary>Requests a second that the silo answers when callers wait for each answer before they ask again.</summary>
    public async Task<double> MeasureCapacityAsync(int callers, TimeSpan duration)
    {
        var startedAt = Stopwatch.GetTimestamp();
        var answers = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            var answered = 0;
            for (; Stopwatch.GetElapsedTime(startedAt) < duration; answered++) await client.InferAsync(model, Request);
            return answered;
        })));
        return answers.Sum() / Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
    }

    /// <summary>Sends at random instants (Poisson), however long answers take, until told to stop; answers every request's times.</summary>
    public async Task<Sample[]> SendAsync(double perSecond, CancellationToken stop)
    {
        var random = new Random(42);
        var pending = new List<Task<Sample>>();
        var dueAt = (double)Stopwatch.GetTimestamp();
        while (!stop.IsCancellationRequested)
        {
            // One wake-up a millisecond; what became due meanwhile is sent at once, and its wait counts.
            await Task.Delay(1, CancellationToken.None);
            for (var now = Stopwatch.GetTimestamp(); dueAt <= now; dueAt += -Math.Log(1 - random.NextDouble()) / perSecond * Stopwatch.Frequency)
                pending.Add(AskAsync(now));
        }

        return await Task.WhenAll(pending);
    }

    private async Task<Sample> AskAsync(long dueAt)
    {
        await client.InferAsync(model, Request);
        return new Sample(dueAt, Stopwatch.GetTimestamp());
    }
}
