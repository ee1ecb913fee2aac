using Microsoft.Extensions.Time.Testing;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;
using UnitTests.Fakes;

namespace UnitTests.Grains.Features.Views;

public sealed class GroupedLoaderTests
{
    private static readonly TimeSpan GatherDelay = TimeSpan.FromMilliseconds(5);

    private readonly FakeTimeProvider _time = new();
    private readonly HeldQueries _queries = new();

    [Fact]
    public async Task LoadAsync_HundredUsersAtOnceOfAQuickDatabase_CostTwoQueries()
    {
        var loader = Loader();
        var loads = new List<Task<StoredRow?>> { loader.LoadAsync("0") };
        var first = await _queries.NextAsync();
        Assert.Equal(["0"], first.Users);
        first.Answer();
        await loads[0];
        loads.AddRange(Enumerable.Range(1, 99).Select(i => loader.LoadAsync($"{i}")));

        _time.Advance(GatherDelay);

        var second = await _queries.NextAsync();
        second.Answer();
        Assert.Equal(Enumerable.Range(1, 99).Select(i => $"{i}"), second.Users);
        for (var i = 0; i < 100; i++) Assert.Equal(i, (await loads[i])!.Values[0].Number);
    }

    [Fact]
    public async Task LoadAsync_SoonAfterAQuery_GathersForWhatIsLeftOfTheDelay()
    {
        var loader = Loader();
        _ = loader.LoadAsync("0");
        await _queries.NextAsync();
        _time.Advance(GatherDelay / 2);
        var gathered = new[] { loader.LoadAsync("1"), loader.LoadAsync("2") };
        _time.Advance(GatherDelay / 2 - TimeSpan.FromTicks(1));
        Assert.Equal(1, _queries.Count);

        _time.Advance(TimeSpan.FromTicks(1));

        var second = await _queries.NextAsync();
        Assert.Equal(["1", "2"], second.Users);
        second.Answer();
        await Task.WhenAll(gathered);
    }

    [Fact]
    public async Task LoadAsync_GatherDelayIsOver_LeavesAtOnceThoughAQueryIsUnderWay()
    {
        var loader = Loader();
        _ = loader.LoadAsync("0");
        await _queries.NextAsync();
        _time.Advance(GatherDelay);

        _ = loader.LoadAsync("1");

        Assert.Equal(["1"], (await _queries.NextAsync()).Users);
    }

    [Fact]
    public async Task LoadAsync_GroupIsFull_LeavesAtOnce()
    {
        var loader = Loader(maxKeys: 2);
        foreach (var user in new[] { "0", "1", "2", "3" }) _ = loader.LoadAsync(user);

        // They start on the pool, in any order.
        var groups = new[] { await _queries.NextAsync(), await _queries.NextAsync() };

        Assert.Equal(["0", "1,2"], groups.Select(group => string.Join(',', group.Users)).Order());
        Assert.Equal(2, _queries.Count);
    }

    [Fact]
    public async Task LoadAsync_SameUserTwice_IsAskedForOnce()
    {
        var loader = Loader();
        _ = loader.LoadAsync("0");
        var first = await _queries.NextAsync();
        var loads = new[] { loader.LoadAsync("1"), loader.LoadAsync("1") };
        first.Answer();
        _time.Advance(GatherDelay);

        var second = await _queries.NextAsync();
        second.Answer();

        Assert.Equal(["1"], second.Users);
        Assert.All(await Task.WhenAll(loads), row => Assert.Equal(1, row!.Values[0].Number));
    }

    [Fact]
    public async Task LoadAsync_UserWithoutRow_IsNull()
    {
        var load = Loader().LoadAsync("0");
        (await _queries.NextAsync()).Answer(except: "0");

        Assert.Null(await load);
    }

    [Fact]
    public async Task LoadAsync_QueryFails_ItsUsersFailAndTheNextGroupGoesOn()
    {
        var loader = Loader();
        var failing = loader.LoadAsync("0");
        var first = await _queries.NextAsync();
        var next = loader.LoadAsync("1");

        first.Fail();
        _time.Advance(GatherDelay);

        await Assert.ThrowsAsync<FeatureDatabaseException>(() => failing);
        (await _queries.NextAsync()).Answer();
        Assert.Equal(1, (await next)!.Values[0].Number);
    }

    [Fact]
    public async Task LoadAsync_ManyThreads_EachUserHasItsOwnRow()
    {
        var queries = 0;
        var loader = new GroupedLoader(
            async users =>
            {
                Interlocked.Increment(ref queries);
                await Task.Yield();
                return Rows(users);
            },
            GatherDelay, 50, TimeProvider.System);

        var loads = await Task.WhenAll(Enumerable.Range(0, 5_000).Select(i => Task.Run(() => loader.LoadAsync($"{i}"))));

        for (var i = 0; i < loads.Length; i++) Assert.Equal(i, loads[i]!.Values[0].Number);
        Assert.InRange(queries, 1, 4_999);
    }

    private GroupedLoader Loader(int maxKeys = 500) => new(_queries.AskAsync, GatherDelay, maxKeys, _time);

    private static Dictionary<string, StoredRow> Rows(IEnumerable<string> users) =>
        users.ToDictionary(user => user, user => new StoredRow([FeatureValue.Of(int.Parse(user, System.Globalization.CultureInfo.InvariantCulture))]));

    // Queries that stay under way until the test answers them.
    private sealed class HeldQueries
    {
        private readonly System.Threading.Channels.Channel<HeldQuery> _begun = System.Threading.Channels.Channel.CreateUnbounded<HeldQuery>();
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public Task<IReadOnlyDictionary<string, StoredRow>> AskAsync(IReadOnlyList<string> users)
        {
            Interlocked.Increment(ref _count);
            var query = new HeldQuery(users);
            _begun.Writer.TryWrite(query);
            return query.Task;
        }

        public async Task<HeldQuery> NextAsync() => await _begun.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Gate.Patience);
    }

    private sealed class HeldQuery(IReadOnlyList<string> users)
    {
        private readonly TaskCompletionSource<IReadOnlyDictionary<string, StoredRow>> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IReadOnlyList<string> Users => users;

        public Task<IReadOnlyDictionary<string, StoredRow>> Task => _answer.Task;

        public void Answer(string? except = null) => _answer.SetResult(Rows(users.Where(user => user != except)));

        public void Fail() => _answer.SetException(new FeatureDatabaseException("on purpose"));
    }
}
