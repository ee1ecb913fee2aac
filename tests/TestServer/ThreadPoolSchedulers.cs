using Microsoft.Extensions.Options;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Models.Scheduling;

namespace TestServer;

/// <summary>What most programs do: inference by Task.Run, on the pool that grains and sockets share.</summary>
internal sealed class ThreadPoolSchedulers(IOptions<ModelServingOptions> options) : InferenceSchedulers(options)
{
    public override TaskScheduler Create() => TaskScheduler.Default;
}
