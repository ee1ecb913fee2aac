using FraudDemo;
using Xunit;

namespace OrleansInference.UnitTests.Demo;

public sealed class TerminalRiskReaderTests : IAsyncLifetime
{
    private const long Day = 86_400;

    private readonly TemporaryDirectory _directory = new();
    private TerminalRiskReader _reader = null!;

    public async ValueTask InitializeAsync()
    {
        var path = _directory.PathOf("fraud.db");
        await FraudDatabase.EnsureAsync(path, SmallWorld.Options, cancellationToken: TestContext.Current.CancellationToken);
        _reader = new(FraudDatabase.ReadOnlyConnectionString(path));
    }

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void Find_ManyTerminalsAndTimes_EqualsNaiveComputation()
    {
        var busiest = SmallWorld.Data.Transactions.GroupBy(payment => payment.TerminalId).OrderByDescending(group => group.Count());
        foreach (var terminal in busiest.Take(40).Select(group => group.Key))
        {
            for (var day = -1; day < SmallWorld.Options.Days + 40; day += 3)
                AssertEqualsNaive(terminal, SmallWorld.Options.StartUnixSeconds + day * Day + 45_678);
        }
    }

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(14)]
    [InlineData(37)]
    public void Find_TimesAtTheEdgesOfAWindow_CountTheEndAndNotTheBeginning(int daysLater)
    {
        foreach (var payment in SmallWorld.Data.Transactions.Where(payment => payment.Fraud).Take(20))
        {
            foreach (var offset in new[] { -1, 0, 1 })
                AssertEqualsNaive(payment.TerminalId, payment.UnixSeconds + daysLater * Day + offset);
        }
    }

    [Fact]
    public void Find_BeforeTheData_IsZeroEverywhere()
    {
        var risk = Find(terminal: 5, DateTimeOffset.MinValue.ToUnixTimeSeconds());

        Assert.Equal((0, 0, 0, 0, 0, 0), (risk.Count1d, risk.Risk1d, risk.Count7d, risk.Risk7d, risk.Count30d, risk.Risk30d));
        Assert.Equal("terminal 5: low risk", risk.Description);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2_000)]
    public void Find_UnknownTerminal_IsNull(int terminal) => Assert.Null(_reader.Find(terminal, DateTimeOffset.UnixEpoch));

    private void AssertEqualsNaive(int terminal, long at)
    {
        var risk = Find(terminal, at);

        Assert.Equal(Naive(terminal, at, days: 1), (risk.Count1d, risk.Risk1d));
        Assert.Equal(Naive(terminal, at, days: 7), (risk.Count7d, risk.Risk7d));
        Assert.Equal(Naive(terminal, at, days: 30), (risk.Count30d, risk.Risk30d));
    }

    private TerminalRisk Find(int terminal, long at)
        => _reader.Find(terminal, DateTimeOffset.FromUnixTimeSeconds(at))
            ?? throw new InvalidOperationException($"No terminal {terminal}.");

    private static (long Count, double Share) Naive(int terminal, long at, int days)
    {
        var known = SmallWorld.Data.Transactions
            .Where(payment => payment.TerminalId == terminal)
            .Where(payment => payment.UnixSeconds > at - (7 + days) * Day && payment.UnixSeconds <= at - 7 * Day)
            .ToArray();
        return (known.Length, known.Length == 0 ? 0 : known.Count(payment => payment.Fraud) / (double)known.Length);
    }
}
