using OrleansInference;

namespace IntegrationTests.Infrastructure;

/// <summary>Callers of the model <c>versioned</c>, who fail when an answer is not the one of the version that should have given it.</summary>
internal sealed class VersionedLoad(IInferenceClient client) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim _answered = new(0);
    private volatile bool _stopped;
    private volatile int _oldest = 3;
    private volatile int _newest = 3;

    /// <summary>From now on answers of this version are right too.</summary>
    public void MayAnswer(int version) => _newest = version;

    /// <summary>From now on answers of older versions are wrong for whoever asks.</summary>
    public void MustAnswer(int version) => _oldest = version;

    /// <summary>Asks until stopped; fails with the first wrong answer.</summary>
    public Task RunAsync(int callers) => Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => AskAsync(caller))));

    public void Stop() => _stopped = true;

    /// <summary>Waits for that many more answers.</summary>
    public async Task WaitForAnswersAsync(int count)
    {
        while (_answered.Wait(0)) { }
        for (var i = 0; i < count; i++)
        {
            if (!await _answered.WaitAsync(Patience)) throw new TimeoutException($"Only {i} of {count} answers came, each within {Patience}.");
        }
    }

    public void Dispose() => _answered.Dispose();

    private async Task AskAsync(int caller)
    {
        for (var i = 0; !_stopped; i++)
        {
            // Whole numbers that a float holds exactly, another one for each call of each caller.
            var x = (caller * 100_000) + (i % 100_000);
            var oldest = _oldest;
            var response = await client.InferAsync("versioned", Floats.X([1, 1], x));
            Assert.InRange(response.Version, oldest, _newest);
            Assert.Equal(x + response.Version, response.First());
            _answered.Release();
        }
    }
}
