namespace FraudDemo;

/// <summary>Random numbers that depend on seed, purpose and index alone: not on machine, runtime or other streams.</summary>
/// <remarks>
/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014). <see cref="Random"/> promises
/// no sequence across versions of .NET, and its distributions would need <see cref="Math"/> functions that differ by platform.
/// </remarks>
internal sealed class SimulationRandom(long seed, RandomStream purpose, long index)
{
    private const ulong Gamma = 0x9E37_79B9_7F4A_7C15;

    private ulong _state = Mix(Mix(Mix((ulong)seed + Gamma) + (ulong)purpose * Gamma) + (ulong)index * Gamma);

    /// <summary>Uniform in [0, 1), a multiple of 2^-53.</summary>
    public double NextUniform() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [min, max).</summary>
    public double NextUniform(double min, double max) => min + (max - min) * NextUniform();

    /// <summary>Uniform in 0 .. count - 1; the bias, count / 2^64, is beyond notice.</summary>
    public int NextIndex(int count) => (int)Math.BigMul(NextBits(), (ulong)count, out _);

    /// <summary>Normal, by Marsaglia's polar method; the second number of each pair is not used, for the sake of simplicity.</summary>
    public double NextNormal(double mean, double std)
    {
        while (true)
        {
            var (x, y) = (NextUniform(-1, 1), NextUniform(-1, 1));
            var square = x * x + y * y;
            if (square is > 0 and < 1) return mean + std * x * Math.Sqrt(-2 * PortableMath.Log(square) / square);
        }
    }

    /// <summary>Poisson, by counting arrivals with exponential gaps; quick for the small means used here.</summary>
    public int NextPoisson(double mean)
    {
        var count = 0;
        for (var time = NextExponential(); time < mean; time += NextExponential()) count++;
        return count;
    }

    private double NextExponential() => -PortableMath.Log(1 - NextUniform());

    private ulong NextBits() => Mix(_state += Gamma);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }
}
