namespace PlacementSimulation;

/// <summary>Silos that users are placed on as Orleans 10.4 does by default (ResourceOptimizedPlacement).</summary>
/// <remarks>
/// Of as many candidates as the square root of the silos, drawn at random, the one with the lowest score; but the silo that the call
/// came in at, where its score is not worse by more than a margin. The score is of what silos last published of themselves, so
/// users who come between two publications do not see each other. Callers are spread evenly over the silos. The directory is a ring
/// with one point for each silo. Weights and margin are Orleans' defaults.
/// </remarks>
internal sealed class Cluster
{
    private const double CpuWeight = 0.40;
    private const double MemoryWeight = 0.20 + 0.20;
    private const double CountWeight = 0.15;
    private const double LocalMargin = 0.05;

    // Silos publish once a second, and a cluster that fills takes some thousand users in that time.
    private const int UsersBetweenPublications = 5_000;

    // 4 KB each of 16 GiB.
    private const double MemoryOfUser = 4_096.0 / (16L << 30);

    private const int Rings = 1_000;

    private readonly double _load;
    private readonly Random _random;
    private readonly int[] _users;
    private readonly double[] _traffic;
    private readonly double[] _scores;
    private readonly int[] _order;
    private int _placed;

    public Cluster(int silos, double load, Random random)
    {
        (_load, _random) = (load, random);
        (_users, _traffic, _scores) = (new int[silos], new double[silos], new double[silos]);
        _order = [.. Enumerable.Range(0, silos)];
        DirectoryImbalance = Enumerable.Range(0, Rings).Average(_ => LargestPartOfRing(silos, random)) * silos;
    }

    public double UsersImbalance => _users.Max() / _users.Average();

    public double TrafficImbalance => _traffic.Max() / _traffic.Average();

    /// <summary>The fullest part of the directory over the mean one, whoever serves the users in it; mean of many rings.</summary>
    public double DirectoryImbalance { get; }

    public void Place(double traffic)
    {
        if (_placed++ % UsersBetweenPublications == 0) Publish();
        var silo = Pick(_random.Next(_users.Length));
        _users[silo]++;
        _traffic[silo] += traffic;
    }

    private void Publish()
    {
        var most = Math.Max(1, _users.Max());
        for (var i = 0; i < _scores.Length; i++)
            _scores[i] = CpuWeight * Math.Min(1, _traffic[i] * _load * _traffic.Length) + MemoryWeight * Math.Min(1, _users[i] * MemoryOfUser) + CountWeight * _users[i] / most;
    }

    private int Pick(int local)
    {
        var candidates = (int)Math.Ceiling(Math.Sqrt(_order.Length));
        var best = -1;
        for (var i = 0; i < candidates; i++)
        {
            var chosen = _random.Next(i, _order.Length);
            (_order[i], _order[chosen]) = (_order[chosen], _order[i]);
            if (best < 0 || _scores[_order[i]] < _scores[best]) best = _order[i];
        }

        return _scores[local] - LocalMargin > _scores[best] ? best : local;
    }

    private static double LargestPartOfRing(int silos, Random random)
    {
        var points = Enumerable.Range(0, silos).Select(_ => random.NextDouble()).Order().ToArray();
        return points.Select((point, i) => i == 0 ? point + 1 - points[^1] : point - points[i - 1]).Max();
    }
}
