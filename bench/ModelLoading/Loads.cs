using System.Diagnostics;

namespace OrleansInference.ModelLoading;

/// <summary>Loads and unloads of one model, one after the other.</summary>
internal sealed class Loads(IInferenceClient client, string model)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(800);

    private readonly List<Sample> _all = [];

    /// <summary>How long all of them took.</summary>
    public Latencies Durations => new(_all);

    /// <summary>Loads again and again until told to stop; answers when each load was under way.</summary>
    public async Task<IReadOnlyList<Sample>> RepeatAsync(CancellationToken stop)
    {
        var loads = new List<Sample>();
        while (!stop.IsCancellationRequested)
        {
            await client.UnloadModelAsync(model);
            await Task.Delay(Pause, CancellationToken.None);
            var startedAt = Stopwatch.GetTimestamp();
            await client.LoadModelAsync(model);
            loads.Add(new Sample(startedAt, Stopwatch.GetTimestamp()));
        }

        _all.AddRange(loads);
        return loads;
    }
}
