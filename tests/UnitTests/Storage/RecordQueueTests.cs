using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Storage.Sql.PostgreSql;

namespace UnitTests.Storage;

/// <summary>What PostgreSQL's writer commits next: of each user one record, the longest waiting first.</summary>
public sealed class RecordQueueTests
{
    [Fact]
    public void TryAdd_Full_IsRefusedUntilSomeAreTaken()
    {
        var queue = new RecordQueue(capacity: 2);
        Assert.True(queue.TryAdd(Pending("a", 1)));
        Assert.True(queue.TryAdd(Pending("b", 1)));

        Assert.False(queue.TryAdd(Pending("c", 1)));

        Assert.Equal(["a1", "b1"], Take(queue));
        Assert.Equal(0, queue.Count);
        Assert.True(queue.TryAdd(Pending("c", 1)));
    }

    [Fact]
    public void Take_SeveralUsers_IsTheFirstOfEachInTheirOrder()
    {
        var queue = Queue(Pending("a", 1), Pending("a", 2), Pending("b", 1), Pending("a", 3), Pending("b", 2));

        Assert.Equal(["a1", "b1"], Take(queue));
        Assert.Equal(["a2", "b2"], Take(queue));
        Assert.Equal(["a3"], Take(queue));
        Assert.Empty(Take(queue));
    }

    [Fact]
    public void Take_MoreThanMost_LeavesTheLater()
    {
        var queue = Queue([.. Enumerable.Range(1, 5).Select(user => Pending($"{user}-", 1))]);

        Assert.Equal(["1-1", "2-1"], Take(queue, most: 2));
        Assert.Equal(["3-1", "4-1"], Take(queue, most: 2));
        Assert.Equal(["5-1"], Take(queue, most: 2));
    }

    [Fact]
    public void Take_CallerHasLeft_IsNotBegunAndMakesRoomForTheUsersNext()
    {
        var left = Pending("a", 1);
        var queue = Queue(left, Pending("a", 2), Pending("a", 3));
        Assert.True(left.TryAbandon());

        Assert.Equal(["a2"], Take(queue));

        Assert.Equal((false, true), (left.TryBegin(), left.Record.Chain.IsBroken));
        Assert.Equal(["a3"], Take(queue));
    }

    [Fact]
    public void Take_Taken_CanNoMoreBeAbandoned()
    {
        var pending = Pending("a", 1);

        Take(Queue(pending));

        Assert.False(pending.TryAbandon());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public void Take_ManyOfManyUsers_EachOnceInItsUsersOrder(int most)
    {
        const int Users = 7;
        const int Each = 20;
        var random = new Random(most);
        var next = new int[Users];
        var queue = new RecordQueue(Users * Each);
        while (next.Min() < Each)
        {
            var user = random.Next(Users);
            if (next[user] < Each) queue.TryAdd(Pending($"{user}-", ++next[user]));
        }

        var taken = new List<string>();
        for (IReadOnlyList<string> group; (group = Take(queue, most)).Count > 0;)
        {
            Assert.Equal(group.Count, group.Select(record => record[0]).Distinct().Count());
            taken.AddRange(group);
        }

        Assert.Equal(Users * Each, taken.Count);
        for (var user = 0; user < Users; user++)
            Assert.Equal(Enumerable.Range(1, Each).Select(sequence => $"{user}-{sequence}"), taken.Where(record => record.StartsWith($"{user}-", StringComparison.Ordinal)));
    }

    private static RecordQueue Queue(params PendingRecord[] waiting)
    {
        var queue = new RecordQueue(waiting.Length);
        foreach (var pending in waiting) Assert.True(queue.TryAdd(pending));
        return queue;
    }

    private static IReadOnlyList<string> Take(RecordQueue queue, int most = 100)
    {
        var group = new List<PendingRecord>();
        queue.Take(group, most);
        return [.. group.Select(pending => $"{pending.Record.User}{pending.Record.Sequence}")];
    }

    private static PendingRecord Pending(string user, long sequence) => new(new PredictionRecord
    {
        Id = Guid.CreateVersion7(),
        User = user,
        Sequence = sequence,
        Model = "fraud",
        Version = 1,
        CreatedAt = DateTimeOffset.UnixEpoch,
        Schema = FeatureSchema.Of([]),
        Body = [],
        Messages = [],
    });
}
