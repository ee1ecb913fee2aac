using FraudDemo;
using Xunit;

namespace OrleansInference.UnitTests.Demo;

public sealed class SimulationRandomTests
{
    private const int Draws = 100_000;

    private readonly SimulationRandom _random = new(seed: 3, RandomStream.Transactions, index: 5);

    [Fact]
    public void NextUniform_ManyDraws_AreUniform()
    {
        var draws = Enumerable.Range(0, Draws).Select(_ => _random.NextUniform(2, 4)).ToArray();

        Assert.All(draws, draw => Assert.InRange(draw, 2, 4));
        AssertMoments(draws, mean: 3, variance: 1.0 / 3);
    }

    [Fact]
    public void NextNormal_ManyDraws_HaveMeanAndDeviation()
        => AssertMoments([.. Enumerable.Range(0, Draws).Select(_ => _random.NextNormal(10, 2))], mean: 10, variance: 4);

    [Fact]
    public void NextPoisson_ManyDraws_HaveMeanAsVariance()
        => AssertMoments([.. Enumerable.Range(0, Draws).Select(_ => (double)_random.NextPoisson(2.5))], mean: 2.5, variance: 2.5);

    [Fact]
    public void NextPoisson_MeanZero_IsZero() => Assert.Equal(0, _random.NextPoisson(0));

    [Fact]
    public void NextIndex_ManyDraws_ReachAllAndNoMore()
        => Assert.Equal(Enumerable.Range(0, 7), Enumerable.Range(0, 1_000).Select(_ => _random.NextIndex(7)).Distinct().Order());

    [Fact]
    public void Streams_OfOtherSeedPurposeOrIndex_Differ()
    {
        var first = new[]
        {
            new SimulationRandom(1, RandomStream.Transactions, 1),
            new SimulationRandom(2, RandomStream.Transactions, 1),
            new SimulationRandom(1, RandomStream.UserProfile, 1),
            new SimulationRandom(1, RandomStream.Transactions, 2),
            new SimulationRandom(-1, RandomStream.Transactions, 1),
        }.Select(random => random.NextUniform()).ToArray();

        Assert.Equal(first.Length, first.Distinct().Count());
    }

    [Theory]
    [InlineData(1e-300)]
    [InlineData(1.1102230246251565e-16)]
    [InlineData(0.3)]
    [InlineData(0.70710678118654757)]
    [InlineData(0.9999999999999999)]
    [InlineData(1)]
    [InlineData(1.4142135623730951)]
    [InlineData(1e300)]
    public void Log_PositiveNumber_IsTheNaturalLogarithm(double x)
    {
        var tolerance = 1e-15 * Math.Max(1, Math.Abs(Math.Log(x)));

        Assert.InRange(PortableMath.Log(x) - Math.Log(x), -tolerance, tolerance);
    }

    private static void AssertMoments(double[] draws, double mean, double variance)
    {
        var actual = draws.Average();
        Assert.InRange(actual, mean * 0.98, mean * 1.02);
        Assert.InRange(draws.Average(draw => (draw - actual) * (draw - actual)), variance * 0.97, variance * 1.03);
    }
}
