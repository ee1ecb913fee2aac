using System.Collections.Concurrent;
using System.Diagnostics;
using Orleans;
using OrleansInference;

namespace IntegrationTests.Infrastructure;

/// <summary>Notes how long the turn lasts that starts a prediction: from the call to its first await that has to wait.</summary>
internal sealed class TurnTimer : IIncomingGrainCallFilter
{
    public ConcurrentBag<TimeSpan> FirstTurns { get; } = [];

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        var startedAt = Stopwatch.GetTimestamp();
        var call = context.Invoke();
        if (context.InterfaceMethod.DeclaringType == typeof(IUserGrain) && context.InterfaceMethod.Name == nameof(IUserGrain.PredictAsync))
            FirstTurns.Add(Stopwatch.GetElapsedTime(startedAt));
        await call;
    }
}
