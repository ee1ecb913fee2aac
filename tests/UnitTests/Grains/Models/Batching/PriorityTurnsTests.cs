using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains.Models.Batching;

namespace UnitTests.Grains.Models.Batching;

public sealed class PriorityTurnsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly PriorityTurns _turns;

    public PriorityTurnsTests() => _turns = new PriorityTurns(_time, maxRows: 64, threads: 4);

    [Fact]
    public void BulkRows_NoInteractiveRequests_AreAFullBatchOnAllThreads() => AssertBulk(rows: 64, threads: 4);

    [Fact]
    public void BulkThreads_InteractiveRequestsAreSeen_LeaveOneThreadToThem()
    {
        See(InferencePriority.Interactive);

        AssertBulk(rows: 64, threads: 3);
    }

    [Fact]
    public void BulkRows_RunsLongerThanTheInteractive_AreHalvedUntilTheyAreNot()
    {
        See(InferencePriority.Interactive);
        Ran(InferencePriority.Interactive, 10);

        Ran(InferencePriority.Bulk, 80, rows: 64);
        Ran(InferencePriority.Bulk, 40, rows: 32);
        Ran(InferencePriority.Bulk, 10, rows: 16);

        AssertBulk(rows: 16, threads: 3);
    }

    [Fact]
    public void BulkRows_RunsMuchLongerThanTheInteractive_AreAtLeastOne()
    {
        See(InferencePriority.Interactive);
        Ran(InferencePriority.Interactive, 10);

        for (var rows = 64; rows >= 1; rows /= 2) Ran(InferencePriority.Bulk, 80 * rows, rows);

        AssertBulk(rows: 1, threads: 3);
    }

    [Fact]
    public void BulkRows_RunsThatFewerRowsDoNotShorten_AreNotCutToNothing()
    {
        See(InferencePriority.Interactive);
        Ran(InferencePriority.Interactive, 10);

        for (var i = 0; i < 100; i++) Ran(InferencePriority.Bulk, 80, _turns.BulkRows(_time.GetTimestamp()));

        // 64 rows cost 80 ms, 16 rows the same: four times as much for each.
        AssertBulk(rows: 16, threads: 3);
    }

    [Fact]
    public void BulkRows_RunsShorterThanHalfTheInteractive_GrowByOneUpToAFullBatch()
    {
        See(InferencePriority.Interactive);
        Ran(InferencePriority.Interactive, 10);
        Ran(InferencePriority.Bulk, 80, rows: 64);

        Ran(InferencePriority.Bulk, 4, rows: 32);
        Ran(InferencePriority.Bulk, 6, rows: 33);

        AssertBulk(rows: 33, threads: 3);
        for (var i = 0; i < 100; i++) Ran(InferencePriority.Bulk, 4, rows: 33);
        AssertBulk(rows: 64, threads: 3);
    }

    [Fact]
    public void BulkRows_NoInteractiveRequestForASecond_AreAFullBatchAgain()
    {
        See(InferencePriority.Interactive);
        Ran(InferencePriority.Interactive, 10);
        Ran(InferencePriority.Bulk, 80, rows: 64);

        _time.Advance(TimeSpan.FromSeconds(1));

        AssertBulk(rows: 64, threads: 4);
    }

    [Fact]
    public void IsBulkDue_EightInteractiveInARowWhileBulkWaits_IsTrueUntilBulkHadItsTurn()
    {
        for (var i = 0; i < 8; i++)
        {
            Assert.False(_turns.IsBulkDue);
            _turns.OnTaken(InferencePriority.Interactive, bulkWaits: true);
        }

        Assert.True(_turns.IsBulkDue);
        _turns.OnTaken(InferencePriority.Bulk, bulkWaits: true);
        Assert.False(_turns.IsBulkDue);
    }

    private void See(InferencePriority priority) => _turns.OnArrival(priority, _time.GetTimestamp());

    private void Ran(InferencePriority priority, int milliseconds, int rows = 1) => _turns.OnRun(priority, rows, TimeSpan.FromMilliseconds(milliseconds), _time.GetTimestamp());

    private void AssertBulk(int rows, int threads) => Assert.Equal((rows, threads), (_turns.BulkRows(_time.GetTimestamp()), _turns.BulkThreads(_time.GetTimestamp())));
}
