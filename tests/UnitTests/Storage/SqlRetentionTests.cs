using OrleansInference.Grains.PostProcessing.Retention;
using OrleansInference.Storage.Sql;
using static UnitTests.Storage.StorageBuilder;

namespace UnitTests.Storage;

/// <summary>What is too old goes, a page at a time; a user's last record and what still waits stay.</summary>
public sealed class SqlRetentionTests : IAsyncLifetime
{
    private static readonly TimeSpan Age = TimeSpan.FromDays(30);

    private DateTimeOffset _windowsFrom = DateTimeOffset.UnixEpoch;

    private readonly StorageBuilder _storage = new();
    private readonly SqlRetention _retention;

    public SqlRetentionTests() => _retention = new SqlRetention(_storage.Sql);

    public async ValueTask InitializeAsync() => await _storage.StartAsync();

    public ValueTask DisposeAsync() => _storage.DisposeAsync();

    [Fact]
    public async Task DeletePredictionsAsync_OldAndNewRecords_OldOnesGo()
    {
        await AppendAsync("-!42", from: 1, count: 3);
        _storage.Time.Advance(Age + TimeSpan.FromSeconds(1));
        await AppendAsync("-!42", from: 4, count: 2);

        Assert.Equal(3, await DeleteAllAsync(pageSize: 500));

        Assert.Equal("4,5", Sequences("-!42"));
    }

    [Fact]
    public async Task DeletePredictionsAsync_UserWithOldRecordsOnly_KeepsTheLast()
    {
        await AppendAsync("-!42", from: 1, count: 3);
        _storage.Time.Advance(Age + TimeSpan.FromSeconds(1));

        Assert.Equal(2, await DeleteAllAsync(pageSize: 500));

        Assert.Equal("3", Sequences("-!42"));
    }

    [Fact]
    public async Task DeletePredictionsAsync_EventsThatNoSnapshotHolds_StayWhileAWindowReachesThem()
    {
        for (var sequence = 1; sequence <= 5; sequence++) await _storage.AppendAsync(_storage.Record("-!42", sequence) with { IsEvent = sequence != 2 });
        _storage.Time.Advance(Age + TimeSpan.FromSeconds(1));

        await DeleteAllAsync(pageSize: 500);
        Assert.Equal("1,3,4,5", Sequences("-!42"));

        await _storage.Log.ReleaseEventsAsync("-!42", 3);
        await _storage.Log.ReleaseEventsAsync("-!42", 1);
        await DeleteAllAsync(pageSize: 500);
        Assert.Equal("4,5", Sequences("-!42"));

        _windowsFrom = _storage.Time.GetUtcNow();
        await DeleteAllAsync(pageSize: 500);
        Assert.Equal("5", Sequences("-!42"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(40)]
    [InlineData(41)]
    public async Task DeletePredictionsAsync_PagesOfAnySize_MissAndRepeatNothing(int pageSize)
    {
        for (var user = 0; user < 10; user++) await AppendAsync($"-!{user}", from: 1, count: 4);
        _storage.Time.Advance(Age + TimeSpan.FromSeconds(1));

        Assert.Equal(30, await DeleteAllAsync(pageSize));

        Assert.Equal((10L, 4L), (_storage.Scalar<long>("SELECT count(*) FROM predictions"), _storage.Scalar<long>("SELECT min(seq) FROM predictions")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(500)]
    public async Task DeletePredictionsAsync_SeveralModels_GoThroughEach(int pageSize)
    {
        for (var sequence = 1; sequence <= 7; sequence++) await _storage.AppendAsync(_storage.Record("-!42", sequence) with { Model = $"model-{sequence % 3}" });
        _storage.Time.Advance(Age + TimeSpan.FromSeconds(1));
        await _storage.AppendAsync(_storage.Record("-!42", 8) with { Model = "model-1" });

        Assert.Equal(7, await DeleteAllAsync(pageSize));

        Assert.Equal("8", Sequences("-!42"));
    }

    [Fact]
    public async Task DeletePredictionsAsync_ExactlyOfThatAge_Stays()
    {
        await AppendAsync("-!42", from: 1, count: 2);
        _storage.Time.Advance(Age);

        Assert.Equal(0, await DeleteAllAsync(pageSize: 500));
    }

    [Fact]
    public async Task DeleteMessagesAsync_DeliveredDeadAndWaiting_GoByTheirOwnAge()
    {
        foreach (var (id, state, daysAgo) in new[] { ("new", 1, 1), ("old", 1, 8), ("dead", 2, 8), ("long dead", 2, 91), ("waiting", 0, 400) })
        {
            await _storage.AppendAsync(_storage.Record($"-!{id}", 1, Message(id)));
            _storage.Execute($"UPDATE outbox SET state = {state}, settled_at = {_storage.Time.GetUtcNow().AddDays(-daysAgo).ToUnixTimeMilliseconds()} WHERE message_id = '{id}'");
        }

        var now = _storage.Time.GetUtcNow();
        Assert.Equal(2, await _retention.DeleteMessagesAsync(now.AddDays(-7), now.AddDays(-90), 500, TestContext.Current.CancellationToken));

        Assert.Equal("new,dead,waiting", _storage.Scalar<string>("SELECT group_concat(message_id ORDER BY position) FROM outbox"));
    }

    [Fact]
    public async Task DeleteMessagesAsync_MoreThanAsked_TakesThatMany()
    {
        for (var i = 0; i < 5; i++) await _storage.AppendAsync(_storage.Record($"-!{i}", 1, Message($"{i}")));
        _storage.Execute("UPDATE outbox SET state = 1, settled_at = 0");

        var now = _storage.Time.GetUtcNow();
        Assert.Equal(3, await _retention.DeleteMessagesAsync(now, now, 3, TestContext.Current.CancellationToken));
    }

    private async Task<int> DeleteAllAsync(int pageSize)
    {
        var all = 0;
        for (RetentionCursor? from = RetentionCursor.Start; from is { } next;)
        {
            (var deleted, from) = await _retention.DeletePredictionsAsync(_storage.Time.GetUtcNow() - Age, _windowsFrom, next, pageSize, TestContext.Current.CancellationToken);
            Assert.InRange(deleted, 0, pageSize);
            all += deleted;
        }

        return all;
    }

    private async Task AppendAsync(string user, int from, int count)
    {
        for (var sequence = from; sequence < from + count; sequence++) await _storage.AppendAsync(_storage.Record(user, sequence));
    }

    private string Sequences(string user) => _storage.Scalar<string>($"SELECT group_concat(seq) FROM predictions WHERE user = '{user}'");
}
