namespace PlacementSimulation;

/// <summary>Traffic of users of whom the k-th has a part in proportion to 1 / k^exponent; 0 for all alike.</summary>
internal sealed class ZipfTraffic
{
    private readonly double[] _shares;

    public ZipfTraffic(int users, double exponent)
    {
        _shares = new double[users];
        for (var i = 0; i < users; i++) _shares[i] = Math.Pow(i + 1, -exponent);
        var sum = _shares.Sum();
        for (var i = 0; i < users; i++) _shares[i] /= sum;
    }

    /// <summary>A user's part of all traffic, of 1.</summary>
    public double ShareOf(int user) => _shares[user];

    /// <summary>The users by their first predictions: each at random, at the user's own rate.</summary>
    public int[] InOrderOfArrival(Random random)
    {
        var users = Enumerable.Range(0, _shares.Length).ToArray();
        var firsts = Array.ConvertAll(_shares, share => -Math.Log(1 - random.NextDouble()) / share);
        Array.Sort(firsts, users);
        return users;
    }
}
