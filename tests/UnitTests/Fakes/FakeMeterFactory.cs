using System.Diagnostics.Metrics;
using OrleansInference.Grains.Diagnostics;

namespace UnitTests.Fakes;

internal sealed class FakeMeterFactory : IMeterFactory
{
    /// <summary>Instruments that nobody listens to.</summary>
    public static InferenceInstruments Instruments { get; } = new(new FakeMeterFactory());

    public Meter Create(MeterOptions options) => new(options);

    public void Dispose()
    {
    }
}
